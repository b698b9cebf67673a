import type { ClientRequest } from 'node:http'
import { Socket } from 'node:net'

/**
 * Counts the timeout of a request while its connection is opened. Node counts it on the request's socket, which does not
 * exist before the tunnel is open. As Node does, it only emits `timeout`.
 */
export class OpeningTimeout {
  readonly #request: ClientRequest
  readonly #setTimeout: ClientRequest['setTimeout']
  #timer: NodeJS.Timeout | undefined
  #standIn: Socket | undefined
  #stopped = false

  /** @param timeoutMs the option `timeout` of the request */
  constructor(request: ClientRequest, timeoutMs: number | undefined) {
    this.#request = request
    this.#start(timeoutMs ?? 0)
    const setTimeout = request.setTimeout.bind(request)
    this.#setTimeout = (ms, callback) => {
      setTimeout(ms, callback)
      this.#start(ms)
      return request
    }
    request.setTimeout = this.#setTimeout
    // The caller can set more in the turn in which it made the request.
    process.nextTick(() => this.#tellFollowRedirects())
  }

  /** The connection is open or has failed. From now on Node counts on the socket. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    if (this.#request.setTimeout === this.#setTimeout) Reflect.deleteProperty(this.#request, 'setTimeout')
    this.#standIn?.destroy()
  }

  #start(timeoutMs: number): void {
    clearTimeout(this.#timer)
    if (!this.#stopped && timeoutMs > 0)
      this.#timer = setTimeout(() => this.#request.emit('timeout'), timeoutMs)
  }

  /**
   * follow-redirects, which axios sends by, starts a timer of its own with the event `socket`. Node's own agent
   * emits it in the next tick, with a socket that is still connecting.
   * https://github.com/follow-redirects/follow-redirects/blob/v1.15.9/index.js#L199
   */
  #tellFollowRedirects(): void {
    if (this.#stopped || this.#request.destroyed || !('_redirectable' in this.#request)) return
    this.#standIn = new Socket()
    this.#request.emit('socket', this.#standIn)
  }
}
