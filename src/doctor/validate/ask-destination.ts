import { request, type Dispatcher } from 'undici'
import { sanitizeForeignText } from '../../config/index.js'
import { systemCode, TransportError } from '../../errors.js'
import { MAX_BODY_BYTES, type Answer } from './answer.js'
import { forwardRequest } from './forwarded-request.js'
import type { ProxiedRoute } from './proxied-route.js'

/** What a destination is asked with. */
export interface Asking {
  readonly proxied: ProxiedRoute
  /** Over tunnels of that route. */
  readonly dispatcher: Dispatcher
  readonly timeoutMs: number
}

/** A tunnel has the same deadline as its question, and its failure says more. */
const MARGIN_MS = 100

/** Asks by way of a tunnel. Not with a fetch, which refuses some ports itself. */
export async function askByTunnel(url: URL, { dispatcher, timeoutMs }: Asking): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs + MARGIN_MS)
  const { statusCode: status, body } = await request(url, { dispatcher, signal })
  let text = ''
  try {
    for await (const chunk of body) {
      text += String(chunk)
      if (text.length > MAX_BODY_BYTES) break
    }
    return { status, body: text }
  } catch (error) {
    return { status, body: text, brokenBy: error }
  }
}

/** How a URL can be asked for. */
export interface Way {
  readonly kind: 'tunnel' | 'plain'
  /** For messages. */
  readonly name: string
  readonly ask: () => Promise<Answer>
}

/**
 * Every way by which the proxy may lead there: a tunnel, and at an HTTP proxy for an http:// URL a plain request
 * too, which rules about CONNECT do not see.
 */
export function waysTo(url: URL, asking: Asking): readonly Way[] {
  const { proxied, timeoutMs } = asking
  const { endpoint } = proxied
  const tunnel: Way = { kind: 'tunnel', name: 'by CONNECT', ask: () => askByTunnel(url, asking) }
  if (url.protocol !== 'http:' || (endpoint?.protocol !== 'http' && endpoint?.protocol !== 'https'))
    return [tunnel]
  const ask = (): Promise<Answer> => forwardRequest(endpoint, proxied, url, AbortSignal.timeout(timeoutMs))
  return [tunnel, { kind: 'plain', name: 'by a plain request', ask }]
}

/** Why there is no answer. */
export function reasonOf(error: unknown, { timeoutMs }: Pick<Asking, 'timeoutMs'>): string {
  if (error instanceof TransportError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return 'failed'
  // node:http names an AbortError what fetch calls by the reason of the signal.
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer within ${timeoutMs} ms`
  return sanitizeForeignText(systemCode(error) ?? error.name)
}
