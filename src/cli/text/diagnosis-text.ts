import type { DiagnosedHop, Diagnosis } from '../../index.js'
import type { Style } from './terminal.js'

const TITLE_WIDTH = 27
const BAR_WIDTH = 24

/** What `doctor` prints for people: the proxy, the notes, a line for each hop with its part of the time. */
export function diagnosisText(diagnosis: Diagnosis, style: Style): string {
  const { proxy, notes, hops, fix } = diagnosis
  const whole = Math.max(1, ...hops.map(({ startMs, ms }) => (startMs ?? 0) + (ms ?? 0)))
  const lines = [
    proxy === null
      ? `${style.bold('no proxy')}: ${diagnosis.reason}`
      : `${style.bold(proxy.url)} from ${sourceName(proxy.source)}`,
    ...notes.map(({ text }) => `${style.warn('!')} ${text}`),
    '',
    ...hops.flatMap((hop) => hopLines(hop, whole, style)),
    '',
    verdict(diagnosis, style),
    ...(fix === null ? [] : [`${style.bold('To fix it:')} ${fix.text}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** The same in one line, for `--watch`. */
export function diagnosisLine(diagnosis: Diagnosis, style: Style): string {
  return `${style.dim(diagnosis.startedAt)} ${verdict(diagnosis, style)}\n`
}

function sourceName(source: string): string {
  return source === 'config' ? 'the command line' : source
}

function verdict({ ok, hops, ms }: Diagnosis, style: Style): string {
  if (ok) return `${style.good('All is well')} (${ms} ms)`
  const failed = hops.filter(({ status }) => status === 'failed')
  const named = failed.map(({ title, code }) => `${title}, ${code ?? ''}`).join('; ')
  return `${style.bad('FAILED')} at ${named === '' ? 'a hop that was not reached' : named} (${ms} ms)`
}

function hopLines(hop: DiagnosedHop, whole: number, style: Style): string[] {
  const title = hop.title.padEnd(TITLE_WIDTH)
  if (hop.status === 'not-reached')
    return [style.dim(`  - ${title} not reached${hop.detail === null ? '' : `: ${hop.detail}`}`)]
  const ok = hop.status === 'ok'
  const mark = ok ? style.good('✓') : style.bad('✗')
  const time = (hop.ms === null ? '' : `${hop.ms < 10 ? hop.ms.toFixed(1) : Math.round(hop.ms)} ms`).padStart(
    9,
  )
  const line = `  ${mark} ${title}${time}  ${bar(hop, whole)}  ${style.dim(hop.detail ?? '')}`.trimEnd()
  if (ok) return [line]
  return [
    line,
    `      ${style.bad(hop.code ?? '')}: ${hop.message ?? ''}`,
    `      ${style.bold('try:')} ${hop.hint ?? ''}`,
  ]
}

/** Where in the whole time the hop lies. */
function bar({ startMs, ms }: DiagnosedHop, whole: number): string {
  if (startMs === null || ms === null) return ' '.repeat(BAR_WIDTH)
  const from = Math.min(BAR_WIDTH - 1, Math.floor((startMs / whole) * BAR_WIDTH))
  const length = Math.max(1, Math.min(BAR_WIDTH - from, Math.round((ms / whole) * BAR_WIDTH)))
  return `${' '.repeat(from)}${'█'.repeat(length)}`.padEnd(BAR_WIDTH)
}
