import type { DiagnosedHop, Diagnosis } from '../../index.js'
import { say } from '../../messages/index.js'

/** The verdict of a diagnosis in two parts: whether all is well, and what is not, with a list that of every proxy. */
export function verdictOf({ ok, hops, otherProxies = [] }: Diagnosis): {
  readonly ok: boolean
  readonly word: string
  readonly failures: string
} {
  if (ok) return { ok, word: say('command.doctor.well'), failures: '' }
  const all = [hops, ...otherProxies.map((other) => other.hops)].flat()
  const failed = all.filter(({ status }) => status === 'failed')
  const named = failed.map(({ title, code }) => `${title}, ${code ?? ''}`).join('; ')
  return {
    ok,
    word: say('command.doctor.failed'),
    failures: named === '' ? say('command.doctor.unreached') : named,
  }
}

/** How long a hop took; empty where it has no time of its own. */
export function shownTime({ ms }: DiagnosedHop): string {
  if (ms === null) return ''
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** Milliseconds until the last of these hops had ended, for bars: at least 1. */
export function wholeMs(hops: readonly DiagnosedHop[]): number {
  return Math.max(1, ...hops.map(({ startMs, ms }) => (startMs ?? 0) + (ms ?? 0)))
}
