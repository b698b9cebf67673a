import type { Agent } from 'node:http'
import { WebSocket, type ClientOptions } from 'ws'
import { systemCode, TransportError } from '../errors.js'
import { UpgradeDeadline } from '../agent/agent.js'
import { addressOf, connectionLost, timeoutError, type Hop, type Route } from '../tunnel/index.js'

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
  readonly #hop: Hop
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
    super(url, protocols ?? [], request)
    this.#hop = route.hop(addressOf(new URL(this.url)))
    const expire = (): void => {
      if (upgrade.opening) {
        timer = setTimeout(expire, MARGIN_MS)
        return
      }
      this.#failure = timeoutError(this.#hop, 'exchange', timeoutMs)
      this.terminate()
    }
    let timer = setTimeout(expire, timeoutMs + MARGIN_MS)
    const stop = (): void => clearTimeout(timer)
    this.once('open', stop)
    this.once('close', stop)
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'error' && values[0] instanceof Error) return super.emit(event, this.#name(values[0]))
    return super.emit(event, ...values)
  }

  #name(error: Error): Error {
    if (this.#failure !== undefined) return this.#failure
    if (error instanceof TransportError) return error
    if (systemCode(error) === 'ECONNRESET' || systemCode(error) === 'EPIPE')
      return connectionLost(error, this.#hop, true)
    const status = /^Unexpected server response: (\d+)$/.exec(error.message)?.[1]
    return status === undefined ? error : upgradeRefused(error, Number(status), this.#hop)
  }
}

/** In `ws` 0 means no deadline, as Infinity would; here nothing is without one. */
function deadline(handshakeTimeout: number | undefined): number | undefined {
  const isDeadline =
    Number.isFinite(handshakeTimeout) && handshakeTimeout !== undefined && handshakeTimeout > 0
  return isDeadline ? Math.min(handshakeTimeout, MAX_TIMER_MS - MARGIN_MS) : undefined
}

/** The tunnel stands, so this status is the destination's own. */
function upgradeRefused(error: Error, status: number, hop: Hop): TransportError {
  return new TransportError(`${hop.target} answered the WebSocket upgrade with ${status}`, {
    ...hop,
    code: 'ERR_TARGET_UNREACHABLE',
    phase: 'exchange',
    hint: "This is the destination's own answer, not the proxy's: check the URL, or try again later.",
    retryable: status === 429 || status >= 500,
    cause: error,
  })
}
