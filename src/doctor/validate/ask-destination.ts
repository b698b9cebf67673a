import { request, type Dispatcher } from 'undici'
import { sanitizeForeignText } from '../../config/index.js'
import { systemCode, TransportError } from '../../errors.js'
import { say } from '../../messages/index.js'
import type { ProxiedRoute } from './proxied-route.js'

/** What came back over HTTP. */
export interface Answer {
  readonly status: number
  /** The beginning of the body: enough to find a token in it. */
  readonly body: string
  /** Why the body ended before its time, where that is known. */
  readonly brokenBy?: unknown
}

const MAX_BODY_BYTES = 64 * 1024

/** How destinations are asked. */
export interface Asking {
  readonly proxied: ProxiedRoute
  /** Opens a tunnel on that route for every URL. */
  readonly tunnels: Dispatcher
  /** Sends http:// URLs to an HTTP proxy as plain requests. */
  readonly forwards: Dispatcher
  readonly timeoutMs: number
}

/** The tunnel has a deadline of its own, and its error says more: it comes first. */
const MARGIN_MS = 100

/** Asks through a tunnel. */
export function askByTunnel(url: URL, { tunnels, timeoutMs }: Asking): Promise<Answer> {
  return ask(url, tunnels, timeoutMs)
}

/** Not with fetch, which refuses some ports itself. */
async function ask(url: URL, dispatcher: Dispatcher, timeoutMs: number): Promise<Answer> {
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
export function waysTo(url: URL, { proxied, tunnels, forwards, timeoutMs }: Asking): readonly RequestWay[] {
  const way = (kind: RequestWay['kind'], name: string, dispatcher: Dispatcher): RequestWay => ({
    kind,
    name,
    ask: () => ask(url, dispatcher, timeoutMs),
  })
  const tunnel = way('tunnel', say('validate.way.connect'), tunnels)
  if (url.protocol !== 'http:' || !/^https?$/.test(proxied.proxy.protocol)) return [tunnel]
  return [tunnel, way('plain', say('validate.way.plain'), forwards)]
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
