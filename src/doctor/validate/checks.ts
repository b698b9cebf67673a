import { TransportError } from '../../errors.js'
import { say } from '../../messages/index.js'
import { shownUrl } from '../shown-url.js'
import { askByTunnel, reasonOf, waysTo, type Answer, type Asking } from './ask-destination.js'
import { startCanary, type Canary } from './canary.js'
import { isDenial } from './proxy-reply.js'
import type { ValidationCheck } from './validation.js'

/** A destination that must be reached: only its own 2xx proves it. */
export async function checkAllowed(url: URL, asking: Asking): Promise<ValidationCheck> {
  const check = { kind: 'allowed', ...asking.proxied.ofList, url: shown(url) } as const
  try {
    const { status, brokenBy } = await askByTunnel(url, asking)
    if (!isSuccess(status))
      return { ...check, ok: false, status, error: say('validate.answered', { status }) }
    if (brokenBy === undefined) return { ...check, ok: true, status, error: null }
    const reason = reasonOf(brokenBy, asking)
    return { ...check, ok: false, status, error: say('validate.broke-off', { reason }) }
  } catch (error) {
    return { ...check, ok: false, status: null, error: reasonOf(error, asking) }
  }
}

/**
 * A destination that the proxy must refuse. The check fails unless the proxy refuses: an answer proves that the
 * destination was reached, and any other failure proves nothing, since the destination may be down today.
 */
export async function checkDenied(url: URL, asking: Asking): Promise<ValidationCheck> {
  const check = { kind: 'denied', ...asking.proxied.ofList, url: shown(url) } as const
  let refusal: string | null = null
  for (const { kind, name: way, ask } of waysTo(url, asking)) {
    try {
      const { status } = await ask()
      const wasReached = kind === 'tunnel' || isSuccess(status)
      const error = say(wasReached ? 'validate.denied-reached' : 'validate.denied-ambiguous', { way, status })
      return { ...check, ok: false, status, error }
    } catch (error) {
      const reason = reasonOf(error, asking)
      const { protocol } = asking.proxied.proxy
      // What comes back to a plain request may be the destination's.
      if (kind === 'plain' || !(error instanceof TransportError && isDenial(error, protocol)))
        return { ...check, ok: false, status: null, error: say('validate.inconclusive', { reason }) }
      refusal = reason
    }
  }
  return { ...check, ok: true, status: null, error: refusal }
}

/**
 * A server on this host's loopback, which the proxy must not reach in any way. A failure alone is no proof, since
 * everything fails at a proxy that is down: the proxy must refuse, or an allowed destination must work through it.
 *
 * @param proxyWorks whether an allowed destination was reached through the same proxy
 */
export async function checkCanary(asking: Asking, proxyWorks: boolean): Promise<ValidationCheck> {
  await using canary = await startCanary()
  const url = new URL(canary.url)
  const { ofList, proxy } = asking.proxied
  const { protocol } = proxy
  const check = { kind: 'canary', ...ofList, url: url.origin } as const
  let proven = proxyWorks
  let reason = ''
  let status: number | null = null
  for (const { name: way, ask } of waysTo(url, asking)) {
    let answer: Answer | undefined
    try {
      answer = await ask()
      reason = say('validate.refused-with', { status: answer.status })
      proven ||= answer.status === 403
    } catch (error) {
      reason = reasonOf(error, asking)
      proven ||= error instanceof TransportError && isDenial(error, protocol)
    }
    status = answer?.status ?? status
    const failed = canaryFailure(answer, way, canary)
    if (failed !== undefined) return { ...check, ok: false, status, error: failed }
  }
  if (proven) return { ...check, ok: true, status, error: reason }
  return { ...check, ok: false, status, error: say('validate.canary.no-proof', { reason }) }
}

function canaryFailure(
  answer: Answer | undefined,
  way: string,
  { token, reached }: Pick<Canary, 'token' | 'reached'>,
): string | undefined {
  if (answer?.body.includes(token) === true) return say('validate.canary.token', { way })
  if (answer !== undefined && isSuccess(answer.status)) return say('validate.canary.success', { way })
  // The canary's answer may have been lost on the way back; its request arrived.
  return reached ? say('validate.canary.asked', { way }) : undefined
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function shown(url: URL): string {
  return `${shownUrl(url)}${url.search === '' ? '' : '?***'}`
}
