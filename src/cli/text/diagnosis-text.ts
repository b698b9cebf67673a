import type { DiagnosedHop, Diagnosis } from '../../index.js'
import { sourceName } from '../../doctor/index.js'
import { say } from '../../messages/index.js'
import { padColumns, type Style } from './terminal.js'
import { shownTime, verdictOf, wholeMs } from './verdict.js'

const TITLE_WIDTH = 27
const BAR_WIDTH = 24

/** A terminal that is narrower than this gets no bars: they would break the lines. */
const COLUMNS_WITH_BARS = 90

/** More hops than these that were not reached are counted in one line: the report stays on one screen. */
const NOT_REACHED_LINES = 4

/**
 * What `doctor` prints for people: the proxy, the notes, a line for each hop with its part of the time.
 *
 * @param columns the width of the terminal; undefined where the output is none
 */
export function diagnosisText(diagnosis: Diagnosis, style: Style, columns = COLUMNS_WITH_BARS): string {
  const { proxy, notes, fix } = diagnosis
  const lines = [
    proxy === null
      ? `${style.bold(say('doctor.detail.no-proxy'))}: ${diagnosis.reason}`
      : `${style.bold(proxy.url)} ${say('command.from', { source: sourceName(proxy.source, say('command.source')) })}`,
    ...notes.map(({ text }) => `${style.warn('!')} ${text}`),
    '',
    ...allHopLines(diagnosis.hops, style, columns),
    '',
    verdict(diagnosis, style),
    ...comparisonLines(diagnosis, style),
    ...fixLines(fix, style),
    ...otherLines(diagnosis, style, columns),
  ]
  return `${lines.join('\n')}\n`
}

/** The other proxies of a list. */
function otherLines({ otherProxies = [] }: Diagnosis, style: Style, columns: number): string[] {
  return otherProxies.flatMap(({ proxy, hops, fix }, index) => [
    '',
    `${style.bold(proxy.url)} ${say('command.doctor.place', { place: index + 2, proxies: otherProxies.length + 1 })}`,
    '',
    ...allHopLines(hops, style, columns),
    ...fixLines(fix, style),
  ])
}

function fixLines(fix: Diagnosis['fix'], style: Style): string[] {
  return fix === null ? [] : [`${style.bold(say('command.doctor.fix'))} ${fix.text}`]
}

/** The same in one line, for `--watch`. */
export function diagnosisLine(diagnosis: Diagnosis, style: Style): string {
  return `${style.dim(diagnosis.startedAt)} ${verdict(diagnosis, style)}\n`
}

function verdict(diagnosis: Diagnosis, style: Style): string {
  const { ok, word, failures } = verdictOf(diagnosis)
  const told = ok ? style.good(word) : `${style.bad(word)} ${failures}`
  return `${told} (${diagnosis.ms} ms)`
}

function comparisonLines({ comparison }: Diagnosis, style: Style): string[] {
  if (comparison === null) return []
  const failed = comparison.direct.hops.find(({ status }) => status === 'failed')
  const how =
    failed === undefined
      ? style.good(say('command.doctor.reached'))
      : `${style.bad(say('command.doctor.failed'))} ${failed.title}, ${failed.code ?? ''}`
  return [`${style.bold(say('command.doctor.without-proxy'))} ${how}`, comparison.text]
}

function allHopLines(hops: readonly DiagnosedHop[], style: Style, columns: number): string[] {
  const whole = wholeMs(hops)
  const draw = columns < COLUMNS_WITH_BARS ? (): string => '' : (hop: DiagnosedHop): string => bar(hop, whole)
  const notReached = hops.filter(({ status }) => status === 'not-reached')
  const counted = new Set(
    notReached.length > NOT_REACHED_LINES + 1 ? notReached.slice(NOT_REACHED_LINES) : [],
  )
  const lines = hops.filter((hop) => !counted.has(hop)).flatMap((hop) => hopLines(hop, draw(hop), style))
  if (counted.size === 0) return lines
  return [...lines, style.dim(`  - ${say('command.doctor.more-not-reached', { hops: counted.size })}`)]
}

function hopLines(hop: DiagnosedHop, drawn: string, style: Style): string[] {
  const title = padColumns(hop.title, TITLE_WIDTH)
  if (hop.status === 'not-reached') {
    const reason = hop.detail === null ? '' : `: ${hop.detail}`
    return [style.dim(`  - ${title} ${say('command.doctor.not-reached')}${reason}`)]
  }
  const ok = hop.status === 'ok'
  const mark = ok ? style.good('✓') : style.bad('✗')
  const line =
    `  ${mark} ${title}${shownTime(hop).padStart(9)}  ${drawn}  ${style.dim(hop.detail ?? '')}`.trimEnd()
  if (ok) return [line]
  return [
    line,
    `      ${style.bad(hop.code ?? '')}: ${hop.message ?? ''}`,
    `      ${style.bold(say('command.doctor.try'))} ${hop.hint ?? ''}`,
  ]
}

/** Where in the whole time the hop lies. */
function bar({ startMs, ms }: DiagnosedHop, whole: number): string {
  if (startMs === null || ms === null) return ' '.repeat(BAR_WIDTH)
  const from = Math.min(BAR_WIDTH - 1, Math.floor((startMs / whole) * BAR_WIDTH))
  const length = Math.max(1, Math.min(BAR_WIDTH - from, Math.round((ms / whole) * BAR_WIDTH)))
  return `${' '.repeat(from)}${'█'.repeat(length)}`.padEnd(BAR_WIDTH)
}
