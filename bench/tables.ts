import { BASE, OURS } from './contenders/index.js'
import type { Load } from './client/commands.js'
import {
  FIRST_SENDS,
  BURST,
  IN_FLIGHT,
  ONE_WAY_MS,
  SECOND,
  SILENCE_MS,
  SMALL_PROXY_CONNECTIONS,
} from './limits.js'
import type { FirstSend, ProxiedBurst, Result } from './results.js'
import { median, pairedRatio } from './statistics.js'

const MEBIBYTE = 1024 * 1024
const NONE = '–'

/** One cell for one contender. */
interface Column {
  readonly head: string
  readonly cell: (result: Result) => string
}

/** All tables, as Markdown. */
export function renderTables(results: readonly Result[], uploadBytes: number): string {
  const base = results.find(({ contender }) => contender.name === BASE)
  const ran = results.filter(({ loads }) => loads.size > 0)
  const proxied = ran.filter(({ contender }) => contender.direct !== true)
  const sections = [
    `### Sends a second, and CPU\n\nRatio to \`${BASE}\` (and the figure itself), so many at a time; latency at 16.`,
    table(results, [
      ...IN_FLIGHT.map((inFlight) => ({
        head: `sends/s at ${inFlight}`,
        cell: (result: Result) =>
          ratioCell(result, base, inFlight, sendsASecond, (value) => value.toFixed(0)),
      })),
      {
        head: 'CPU per send at 16',
        cell: (result) => ratioCell(result, base, 16, cpuPerSend, (value) => `${value.toFixed(0)} µs`),
      },
      { head: 'p50 ms', cell: ({ loads }) => fixed(median(pick(loads.get(16), (load) => load.p50Ms)), 2) },
      { head: 'p99 ms', cell: ({ loads }) => fixed(median(pick(loads.get(16), (load) => load.p99Ms)), 2) },
    ]),
    `### First sends, in round trips\n\nThrough a proxy ${2 * ONE_WAY_MS} ms away (and in milliseconds).`,
    table(proxied, [
      { head: 'cold', cell: ({ cold }) => roundTrips(cold) },
      { head: 'the next', cell: ({ next }) => roundTrips(next) },
      { head: `after ${SILENCE_MS / 1000} s of silence`, cell: ({ silent }) => roundTrips(silent) },
      { head: 'cold, after warm()', cell: ({ warmed }) => roundTrips(warmed) },
    ]),
    ...burstSection(proxied),
    `### Upload and import\n\nA file of ${uploadBytes / MEBIBYTE} MiB from disk, in a form; memory is the highest above that before.`,
    table(ran, [
      {
        head: 'MB/s',
        cell: ({ uploads }) => fixed(median(uploads.map(({ ms }) => uploadBytes / 1e6 / (ms / 1000))), 0),
      },
      {
        head: 'peak memory, MiB',
        cell: ({ uploads }) =>
          uploads.length === 0
            ? NONE
            : fixed(Math.max(...uploads.map(({ peakBytes }) => peakBytes)) / MEBIBYTE, 0),
      },
      { head: 'import, ms', cell: ({ importMs }) => fixed(median(importMs), 0) },
    ]),
  ]
  sections.push(...coldCode(results))
  const notes = results.flatMap(({ contender, note }) =>
    note === undefined ? [] : [`- ${contender.name}: ${note}`],
  )
  return [...sections, ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n')
}

export const sendsASecond = ({ sends, ms }: Load): number => sends / (ms / 1000)
export const cpuPerSend = ({ cpuMicros, sends }: Load): number => cpuMicros / Math.max(1, sends)

function pick(loads: readonly Load[] | undefined, read: (load: Load) => number): number[] {
  return (loads ?? []).map(read)
}

function ratioCell(
  { loads }: Result,
  base: Result | undefined,
  inFlight: number,
  read: (load: Load) => number,
  show: (value: number) => string,
): string {
  const values = pick(loads.get(inFlight), read)
  const middle = median(values)
  if (middle === undefined) return NONE
  const ratio = pairedRatio(values, pick(base?.loads.get(inFlight), read))
  return `${fixed(ratio, 2)} (${show(middle)})`
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? NONE : value.toFixed(digits)
}

function roundTrips(send: FirstSend | undefined): string {
  return send === undefined ? NONE : `${send.roundTrips} (${send.ms.toFixed(0)} ms)`
}

function burstSection(proxied: readonly Result[]): readonly string[] {
  const ms = (head: number, read: (result: Result) => readonly ProxiedBurst[]): Column => ({
    head: `ms for ${head}`,
    cell: (result) => fixed(median(read(result).map((burst) => burst.ms)), 0),
  })
  return [
    `### ${SECOND} and ${BURST} sends at once\n\nFrom a new client, through a proxy ${2 * ONE_WAY_MS} ms away; ${SECOND} are Discord's limit a second. The last column: ${BURST} through a proxy that closes every connection beyond ${SMALL_PROXY_CONNECTIONS}.`,
    table(proxied, [
      ms(SECOND, ({ seconds }) => seconds),
      ms(BURST, ({ bursts }) => bursts),
      {
        head: `tunnels for ${BURST}`,
        cell: ({ bursts }) => fixed(median(bursts.map(({ tunnels }) => tunnels)), 0),
      },
      {
        head: `arrived, small proxy`,
        cell: ({ small }) => (small === undefined ? NONE : String(small.arrived)),
      },
    ]),
  ]
}

function table(results: readonly Result[], columns: readonly Column[]): string {
  return markdownTable([
    ['through a proxy', ...columns.map(({ head }) => head)],
    ...results.map((result) => [result.contender.name, ...columns.map(({ cell }) => cell(result))]),
  ])
}

/** Its columns line up, so that it reads in a terminal too, and as prettier would write it. The first row is the head. */
function markdownTable([head = [], ...body]: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...body.map(line)].join('\n')
}

/** A row for each version of Node. */
function coldCode(results: readonly Result[]): readonly string[] {
  const ours =
    results.find(({ contender }) => contender.name === OURS)?.firstSends ?? new Map<string, number[]>()
  const base = results.find(({ contender }) => contender.name === BASE)?.firstSends
  if (ours.size === 0) return []
  const rows = [...ours].map(([node, values]) => {
    const others = base?.get(node) ?? []
    return [node, fixed(median(values), 0), fixed(median(others), 0), fixed(pairedRatio(values, others), 2)]
  })
  const { count, inFlight } = FIRST_SENDS
  return [
    `### The first sends of a process\n\nCPU in milliseconds of the first ${count} sends of a fresh process, ${inFlight} at a time, tunnels included; ${BASE} beside it.`,
    markdownTable([['Node', 'ours', 'undici.request', 'ratio'], ...rows]),
  ]
}
