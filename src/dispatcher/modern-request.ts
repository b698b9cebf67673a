import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { NEVER_STARTED } from './never-started.js'
import { TunnelRequest } from './tunnel-request.js'

/** undici's handler API since version 7. */
export class ModernRequest extends TunnelRequest {
  #controller: ReadController | undefined

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.started()
    this.#controller = new ReadController(controller, {
      onPause: () => this.paused(),
      onResume: () => this.resumed(),
    })
    this.handler.onRequestStart?.(this.#controller, context)
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.over()
    this.handler.onRequestUpgrade?.(this.#controller ?? controller, statusCode, headers, socket)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    const refusal = this.headed(statusCode, statusMessage ?? '', (name) => headers[name]?.toString())
    if (refusal !== undefined) {
      controller.abort(refusal)
      return
    }
    this.handler.onResponseStart?.(this.#controller ?? controller, statusCode, headers, statusMessage)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.handler.onResponseData?.(this.#controller ?? controller, chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.over()
    this.handler.onResponseEnd?.(this.#controller ?? controller, trailers)
  }

  onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void {
    this.handler.onResponseError?.(this.#controller ?? controller ?? NEVER_STARTED, this.failed(error))
  }

  protected override reject(error: Error): void {
    this.handler.onResponseError?.(NEVER_STARTED, error)
  }

  protected override abort(reason: Error): void {
    this.#controller?.abort(reason)
  }
}

/** undici's controller, and a word to the request about each pause. */
class ReadController implements Dispatcher.DispatchController {
  readonly #controller: Dispatcher.DispatchController
  readonly #watch: { onPause(): void; onResume(): void }

  constructor(controller: Dispatcher.DispatchController, watch: { onPause(): void; onResume(): void }) {
    this.#controller = controller
    this.#watch = watch
  }

  get aborted(): boolean {
    return this.#controller.aborted
  }

  get paused(): boolean {
    return this.#controller.paused
  }

  get reason(): Error | null {
    return this.#controller.reason
  }

  get rawHeaders(): NonNullable<Dispatcher.DispatchController['rawHeaders']> | null {
    return this.#controller.rawHeaders ?? null
  }

  get rawTrailers(): NonNullable<Dispatcher.DispatchController['rawTrailers']> | null {
    return this.#controller.rawTrailers ?? null
  }

  abort(reason: Error): void {
    this.#controller.abort(reason)
  }

  pause(): void {
    this.#watch.onPause()
    this.#controller.pause()
  }

  resume(): void {
    this.#watch.onResume()
    this.#controller.resume()
  }
}
