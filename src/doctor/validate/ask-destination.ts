import { request, type Dispatcher } from 'undici'
import { sanitizeForeignText } from '../../config/index.js'
import { systemCode, TransportError } from '../../errors.js'
import { say } from '../../messages/index.js'
import { forwardedStatus } from '../../tunnel/index.js'
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

/**
 * Asks an HTTP proxy without a tunnel. The transport takes some answers for the proxy's own, by headers that a
 * destination can write too: here they stay answers.
 */
async function askPlainly(url: URL, { forwards, timeoutMs }: Asking): Promise<Answer> {
  try {
    return await ask(url, forwards, timeoutMs)
  } catch (error) {
    const status = forwardedStatus(error)
    if (status === undefined) throw error
    return { status, body: '' }
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
  const tunnel: RequestWay = {
    kind: 'tunnel',
    name: say('validate.way.connect'),
    ask: () => askByTunnel(url, asking),
  }
  if (url.protocol !== 'http:' || !/^https?$/.test(asking.proxied.proxy.protocol)) return [tunnel]
  return [tunnel, { kind: 'plain', name: say('validate.way.plain'), ask: () => askPlainly(url, asking) }]
}

/** Why there is no answer. */
export function reasonOf(error: unknown, { timeoutMs }: Pick<Asking, 'timeoutMs'>): string {
  if (error instanceof TransportError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return say('validate.no-answer', { timeoutMs })
  return sanitizeForeignText(systemCode(error) ?? error.name)
}
