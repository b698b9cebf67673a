import { request, type Dispatcher } from 'undici'
import { sanitizeForeignText } from '../../config/index.js'
import { systemCode, TransportError } from '../../errors.js'
import { say } from '../../messages/index.js'
import { MAX_BODY_BYTES, type Answer } from './answer.js'
import { forwardRequest } from './forwarded-request.js'
import type { ProxiedRoute } from './proxied-route.js'

/** How destinations are asked. */
export interface Asking {
  readonly proxied: ProxiedRoute
  /** Opens its tunnels on that route. */
  readonly dispatcher: Dispatcher
  readonly timeoutMs: number
}

/** The tunnel has a deadline of its own, and its error says more: it comes first. */
const MARGIN_MS = 100

/** Asks through a tunnel. Not with fetch, which refuses some ports itself. */
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

/** One way to ask a proxy for a URL. */
export interface RequestWay {
  readonly kind: 'tunnel' | 'plain'
  /** For messages. */
  readonly name: string
  readonly ask: () => Promise<Answer>
}

/**
 * All ways through the proxy to a URL: a tunnel and, for an http:// URL at an HTTP proxy, a plain request, to which
 * rules about CONNECT do not apply.
 */
export function waysTo(url: URL, asking: Asking): readonly RequestWay[] {
  const { proxied, timeoutMs } = asking
  const { endpoint } = proxied
  const tunnel: RequestWay = {
    kind: 'tunnel',
    name: say('validate.way.connect'),
    ask: () => askByTunnel(url, asking),
  }
  if (url.protocol !== 'http:' || (endpoint?.protocol !== 'http' && endpoint?.protocol !== 'https'))
    return [tunnel]
  const ask = (): Promise<Answer> => forwardRequest(endpoint, proxied, url, AbortSignal.timeout(timeoutMs))
  return [tunnel, { kind: 'plain', name: say('validate.way.plain'), ask }]
}

/** Why there is no answer. */
export function reasonOf(error: unknown, { timeoutMs }: Pick<Asking, 'timeoutMs'>): string {
  if (error instanceof TransportError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return 'failed'
  // node:http names an AbortError what fetch calls by the reason of the signal.
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return say('validate.no-answer', { timeoutMs })
  return sanitizeForeignText(systemCode(error) ?? error.name)
}
