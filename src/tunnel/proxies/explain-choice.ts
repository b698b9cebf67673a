import type { Candidate } from './choosing.js'
import type { ProxyChoice } from './proxy-choice.js'

/**
 * The proxy that a connection to this target takes first, and why, as a phrase; the phrase is empty where there is
 * only one.
 */
export function explainChoice(
  choice: ProxyChoice,
  listed: readonly Candidate[],
  target: string,
): { readonly chosen: Candidate | undefined; readonly reason: string } {
  const [chosen] = choice.order(listed, target)
  if (chosen === undefined || listed.length < 2) return { chosen, reason: '' }
  const place = listed.indexOf(chosen)
  const why = (candidate: Candidate): string => {
    const { redactedUrl: url } = candidate.proxy
    const standing = choice.standing(candidate)
    const { down } = standing
    if (standing.denies(target, performance.now())) return `${url} refused ${target}`
    return down === undefined ? `${url} works` : `${url} is down (${down.error.code} in ${down.error.phase})`
  }
  const passed = listed.slice(0, place).map(why)
  const itself = choice.standing(chosen).rank(target, performance.now()) === 0 ? [] : [why(chosen)]
  const reasons = [...passed, ...itself]
  const which = `proxy ${place + 1} of ${listed.length}`
  return { chosen, reason: reasons.length === 0 ? which : `${which}, since ${reasons.join(' and ')}` }
}
