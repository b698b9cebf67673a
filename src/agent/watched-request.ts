import { IncomingMessage, type ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { systemCode, TransportError } from '../errors.js'
import { connectionLost } from '../tunnel/failures.js'
import type { Via } from '../tunnel/fault.js'
import type { ForwardProxy, HttpConnection } from '../tunnel/index.js'
import { isIdempotent } from '../tunnel/idempotent.js'
import { writeToForwardProxy } from './absolute-form.js'

/**
 * A request of node:http on this route: it reports when its caller ends it, and names the loss of its connection.
 *
 * Node makes that error at the request and its response, not at the socket: "socket hang up" where nothing of an
 * answer has come, "aborted" in the middle of one. What the caller ends keeps the error that Node has for it.
 * https://github.com/nodejs/node/blob/v20.19.0/lib/_http_client.js#L455
 */
export class WatchedRequest {
  /**
   * Called when the caller destroys the request. The request's own event `close` comes only after it has a socket.
   */
  onDestroyed: ((reason: Error | undefined) => void) | undefined
  /** Set where the request goes to a proxy that forwards it. */
  #forwardProxy: ForwardProxy | undefined
  /** The proxy and the target of its connection. */
  #via: Via
  readonly #method: string
  #endedByCaller = false
  #answered = false
  #failure: TransportError | undefined

  constructor(request: ClientRequest, via: Via) {
    this.#method = request.method
    this.#via = via
    const destroy = request.destroy.bind(request)
    request.destroy = (reason) => {
      this.#endedByCaller = true
      this.onDestroyed?.(reason)
      return destroy(reason)
    }
    const emit = request.emit.bind(request)
    request.emit = (event: string | symbol, ...values: unknown[]): boolean => {
      const [first] = values
      if (event === 'error' && first instanceof Error) return emit(event, this.#name(first))
      if (event === 'response' && first instanceof IncomingMessage) {
        const refusal = this.#refusal(first)
        if (refusal !== undefined) {
          destroy(refusal)
          return true
        }
        this.#watchResponse(first)
      }
      return emit(event, ...values)
    }
  }

  /** It goes over this connection. */
  connected(socket: Duplex, { via, forwardProxy }: HttpConnection): void {
    this.#via = via
    this.#forwardProxy = forwardProxy
    if (forwardProxy !== undefined) writeToForwardProxy(socket, forwardProxy)
  }

  /** The failure of an answer that the proxy gave in place of the destination. */
  #refusal({ statusCode = 0, statusMessage = '', headers }: IncomingMessage): TransportError | undefined {
    this.#answered = true
    return this.#forwardProxy?.refusal(statusCode, statusMessage, (name) => headers[name]?.toString())
  }

  #watchResponse(response: IncomingMessage): void {
    const destroy = response.destroy.bind(response)
    response.destroy = (reason) => destroy(reason === undefined ? reason : this.#name(reason))
  }

  #name(error: Error): Error {
    if (this.#endedByCaller) return error
    if (error instanceof TransportError) this.#failure ??= error
    else if (this.#forwardProxy !== undefined && !this.#answered && isForeign(error))
      this.#failure ??= this.#forwardProxy.foreignAnswer('rawPacket' in error ? error.rawPacket : undefined)
    else if (isLoss(error)) this.#failure ??= connectionLost(error, this.#via, isIdempotent(this.#method))
    else return error
    // If a connection breaks in the middle of an answer, Node makes an error for the request and one for the response.
    return this.#failure
  }
}

/** An answer that Node's HTTP parser could not read. A proxy makes a 502 of such an answer, so it is the proxy's. */
function isForeign(error: Error): boolean {
  return systemCode(error)?.startsWith('HPE_') === true
}

/** Errors of the system, of TLS and of Node's HTTP parser; any other is the caller's own doing. */
function isLoss(error: Error): boolean {
  const code = systemCode(error) ?? ''
  return code === 'ECONNRESET' || 'syscall' in error || /^(?:HPE|ERR_SSL|ERR_TLS)_/.test(code)
}
