import { Dispatcher } from 'undici'

/**
 * The same dispatcher, but a request whose answer does not begin in time fails with ERR_TARGET_TIMEOUT. The
 * time runs on the tunnel only: a request that waits for one is not late.
 */
export class AnswerTimeout extends Dispatcher {
  readonly #dispatcher: Dispatcher
  readonly #headersTimeout: number

  constructor(dispatcher: Dispatcher, timeoutMs: number) {
    super()
    this.#dispatcher = dispatcher
    this.#headersTimeout = timeoutMs
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#dispatcher.dispatch({ ...options, headersTimeout: this.#headersTimeout }, handler)
  }
}
