import { IncomingMessage, type ClientRequest } from 'node:http'
import { systemCode, TransportError } from '../errors.js'
import { connectionLost, type Hop } from '../tunnel/failures.js'
import { isIdempotent } from '../tunnel/idempotent.js'

/**
 * A request of node:http on this route: says when its caller ends it, and names the loss of its connection.
 *
 * Node makes that error at the request and its response, not at the socket: "socket hang up" where nothing of an
 * answer has come, "aborted" in the middle of one. What the caller ends keeps the error that Node has for it.
 * https://github.com/nodejs/node/blob/v20.19.0/lib/_http_client.js#L455
 */
export class WatchedRequest {
  readonly #method: string
  readonly #hop: Hop
  #onDestroyed: ((reason: Error | undefined) => void) | undefined
  #endedByCaller = false
  #failure: TransportError | undefined

  constructor(request: ClientRequest, hop: Hop) {
    this.#method = request.method
    this.#hop = hop
    const destroy = request.destroy.bind(request)
    request.destroy = (reason) => {
      this.#endedByCaller = true
      this.#onDestroyed?.(reason)
      return destroy(reason)
    }
    const emit = request.emit.bind(request)
    request.emit = (event: string | symbol, ...values: unknown[]): boolean => {
      const [first] = values
      if (event === 'error' && first instanceof Error) return emit(event, this.#name(first))
      if (event === 'response' && first instanceof IncomingMessage) this.#watchResponse(first)
      return emit(event, ...values)
    }
  }

  /**
   * Tells of a caller who destroys the request, which says so by `close`, but not before it has a socket.
   *
   * @returns tells no more
   */
  onDestroyed(listener: (reason: Error | undefined) => void): () => void {
    this.#onDestroyed = listener
    return () => (this.#onDestroyed = undefined)
  }

  #watchResponse(response: IncomingMessage): void {
    const destroy = response.destroy.bind(response)
    response.destroy = (reason) => destroy(reason === undefined ? reason : this.#name(reason))
  }

  #name(error: Error): Error {
    if (this.#endedByCaller) return error
    if (error instanceof TransportError) this.#failure ??= error
    else if (isLoss(error)) this.#failure ??= connectionLost(error, this.#hop, isIdempotent(this.#method))
    else return error
    // A connection that breaks in the middle of an answer is told to the request and to the response.
    return this.#failure
  }
}

/** Errors of the system, of TLS and of Node's HTTP parser; any other is the caller's own doing. */
function isLoss(error: Error): boolean {
  const code = systemCode(error) ?? ''
  return code === 'ECONNRESET' || 'syscall' in error || /^(?:HPE|ERR_SSL|ERR_TLS)_/.test(code)
}
