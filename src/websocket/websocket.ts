import type { Agent } from 'node:http'
import { inspect } from 'node:util'
import { WebSocket, type ClientOptions } from 'ws'
import { systemCode, TransportError } from '../errors.js'
import { say, text } from '../messages/index.js'
import { UpgradeDeadline } from '../agent/agent.js'
import { addressOf, connectionLost, hasRow, timeoutError, type Via, type Route } from '../tunnel/index.js'

/** Options of `ws`, less those that would lead around the transport. */
export interface WebSocketOptions extends Omit<
  ClientOptions,
  'agent' | 'createConnection' | 'socketPath' | 'lookup'
> {
  /** Subprotocols to offer. */
  readonly protocols?: string | string[]
  /**
   * Milliseconds from the call to the open socket: tunnel, TLS and upgrade together. 0 and Infinity are the default too.
   * @default the transport's connectTimeoutMs
   */
  handshakeTimeout?: number
}

/** Beyond it `setTimeout` fires at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The tunnel's own deadline names the step that hangs; the socket's must not come in before it. */
const MARGIN_MS = 50

/**
 * A `ws` WebSocket on a transport's agent. Its `error` event carries a TransportError for every failure up to
 * the open socket, and its handshake deadline holds from the first step: that of `ws` itself is armed on a
 * socket that does not exist yet while the proxy keeps silent.
 */
export class TransportWebSocket extends WebSocket {
  readonly #via: Via
  #failure: TransportError | undefined

  constructor(
    url: string | URL,
    route: Route,
    agent: Agent,
    { protocols, handshakeTimeout, ...options }: WebSocketOptions,
  ) {
    const timeoutMs = deadline(handshakeTimeout) ?? route.connectTimeoutMs
    const upgrade = new UpgradeDeadline(timeoutMs)
    const request: ClientOptions & { deadline: UpgradeDeadline } = {
      ...options,
      agent,
      deadline: upgrade,
    }
    super(checkUrl(url), protocols ?? [], request)
    this.#via = route.via(addressOf(new URL(this.url)))
    const expire = (): void => {
      if (upgrade.opening) {
        timer = setTimeout(expire, MARGIN_MS)
        return
      }
      this.#failure = timeoutError(this.#via, 'exchange', timeoutMs)
      this.terminate()
    }
    let timer = setTimeout(expire, timeoutMs + MARGIN_MS)
    const stop = (): void => clearTimeout(timer)
    this.once('open', stop)
    this.once('close', stop)
  }

  /** The pending request and the URL may hold tokens, so neither inspection nor JSON shows them. */
  toJSON(): Record<string, unknown> {
    return { name: 'TransportWebSocket', target: this.#via.target, readyState: this.readyState }
  }

  /** The URL's host and the state; never a header. */
  [inspect.custom](): Record<string, unknown> {
    return this.toJSON()
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'error' && values[0] instanceof Error) return super.emit(event, this.#name(values[0]))
    return super.emit(event, ...values)
  }

  #name(error: Error): Error {
    if (this.#failure !== undefined) return this.#failure
    if (error instanceof TransportError) return error
    if (systemCode(error) === 'ECONNRESET' || systemCode(error) === 'EPIPE')
      return connectionLost(error, this.#via, true)
    const status = /^Unexpected server response: (\d+)$/.exec(error.message)?.[1]
    return status === undefined ? error : upgradeRefused(error, Number(status), this.#via)
  }
}

/** In `ws` 0 means no deadline, as Infinity would; here nothing is without one. */
function deadline(handshakeTimeout: number | undefined): number | undefined {
  const isDeadline =
    Number.isFinite(handshakeTimeout) && handshakeTimeout !== undefined && handshakeTimeout > 0
  return isDeadline ? Math.min(handshakeTimeout, MAX_TIMER_MS - MARGIN_MS) : undefined
}

/** The error of `ws` repeats the URL, which may hold a token. */
function checkUrl(url: string | URL): string | URL {
  if (url instanceof URL || URL.canParse(url)) return url
  throw new SyntaxError('createWebSocket() takes an absolute URL, such as wss://gateway.discord.gg/')
}

/** What an answer in place of 101 means. The tunnel stands, so the answer comes from behind the proxy. */
function upgradeRefused(error: Error, status: number, via: Via): TransportError {
  return new TransportError(say('route.upgrade', { target: via.target, status }), {
    ...via,
    code: status === 504 || status === 524 ? 'ERR_TARGET_TIMEOUT' : 'ERR_TARGET_UNREACHABLE',
    phase: 'exchange',
    hint: text(upgradeHint(status)),
    retryable: status === 429 || (status >= 500 && status !== 501 && status !== 511),
    sent: 'no',
    cause: error,
  })
}

function upgradeHint(status: number) {
  if (hasRow(UPGRADE_HINTS, status)) return UPGRADE_HINTS[status]
  if (status < 400) return 'route.upgrade.page.hint'
  return status >= 500 ? 'route.upgrade.unavailable.hint' : 'route.upgrade.hint'
}

const UPGRADE_HINTS = {
  401: 'route.upgrade.credentials.hint',
  403: 'route.upgrade.blocked.hint',
  426: 'route.upgrade.removed.hint',
  429: 'route.upgrade.rate-limit.hint',
  511: 'route.upgrade.page.hint',
} as const
