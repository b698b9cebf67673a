import { TransportError } from '../../errors.js'
import type { Answer } from './answer.js'
import { askByTunnel, reasonOf, waysTo, type Asking } from './ask-destination.js'
import { startCanary } from './canary.js'
import { isDenial } from './policy-probe.js'
import { shownUrl } from '../shown-url.js'
import type { ValidationCheck } from './validation.js'

/** A destination that must be reached: only its own 2xx shows that it was. */
export async function checkAllowed(url: URL, asking: Asking): Promise<ValidationCheck> {
  const check = { kind: 'allowed', url: shown(url) } as const
  try {
    const { status, brokenBy } = await askByTunnel(url, asking)
    if (!isSuccess(status))
      return { ...check, ok: false, status, error: `answered ${status}, where a 2xx is expected` }
    if (brokenBy === undefined) return { ...check, ok: true, status, error: null }
    return { ...check, ok: false, status, error: `its answer broke off: ${reasonOf(brokenBy, asking)}` }
  } catch (error) {
    return { ...check, ok: false, status: null, error: reasonOf(error, asking) }
  }
}

/**
 * A destination that the proxy must refuse. Fail-closed: an answer shows that it was reached, and a failure
 * without the proxy's refusal shows nothing: the destination may be down today and up tomorrow.
 */
export async function checkDenied(url: URL, asking: Asking): Promise<ValidationCheck> {
  const check = { kind: 'denied', url: shown(url) } as const
  let refusal: string | null = null
  for (const { kind, name, ask } of waysTo(url, asking)) {
    try {
      const { status } = await ask()
      const error =
        kind === 'tunnel' || isSuccess(status)
          ? `was reached ${name}: it answered ${status}`
          : `inconclusive: ${status} ${name} may be its own answer or the proxy's; an https:// URL can tell`
      return { ...check, ok: false, status, error }
    } catch (error) {
      const reason = reasonOf(error, asking)
      if (!(error instanceof TransportError && isDenial(error, asking.proxied.proxy.protocol)))
        return { ...check, ok: false, status: null, error: `inconclusive: ${reason}` }
      refusal = reason
    }
  }
  return { ...check, ok: true, status: null, error: refusal }
}

/** A server on this host's loopback, which the proxy must not reach in any way. */
export async function checkCanary(asking: Asking): Promise<ValidationCheck> {
  await using canary = await startCanary()
  const url = new URL(canary.url)
  const check = { kind: 'canary', url: url.origin } as const
  let said: string | null = null
  let lastStatus: number | null = null
  for (const { name, ask } of waysTo(url, asking)) {
    let answer: Answer | undefined
    try {
      answer = await ask()
      said = `refused with ${answer.status}`
    } catch (error) {
      said = reasonOf(error, asking)
    }
    lastStatus = answer?.status ?? lastStatus
    const failed = canaryFailure(answer, name, canary)
    if (failed !== undefined) return { ...check, ok: false, status: lastStatus, error: failed }
  }
  return { ...check, ok: true, status: lastStatus, error: said }
}

function canaryFailure(
  answer: Answer | undefined,
  name: string,
  canary: { readonly token: string; readonly reached: boolean },
): string | undefined {
  if (answer?.body.includes(canary.token) === true)
    return `the loopback canary was reached ${name}: its token came back`
  if (answer !== undefined && isSuccess(answer.status))
    return `a 2xx came back ${name} for the loopback canary`
  // Its answer may have been lost on the way back; that it was asked is enough.
  return canary.reached ? `the loopback canary was reached ${name}` : undefined
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function shown(url: URL): string {
  return `${shownUrl(url)}${url.search === '' ? '' : '?***'}`
}
