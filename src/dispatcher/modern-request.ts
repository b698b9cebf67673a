import type { Dispatcher } from 'undici'
import { NEVER_STARTED } from './never-started.js'
import { TunnelRequest } from './tunnel-request.js'

type Handler = Required<Dispatcher.DispatchHandler>
type Controller = Dispatcher.DispatchController

/** undici's handler API since version 7. */
export class ModernRequest extends TunnelRequest {
  #controller: Controller | undefined

  onRequestStart(controller: Controller, context: unknown): void {
    this.started()
    this.#controller = controller
    const pause = controller.pause.bind(controller)
    const resume = controller.resume.bind(controller)
    controller.pause = () => {
      this.paused()
      pause()
    }
    controller.resume = () => {
      this.resumed()
      resume()
    }
    this.handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(...upgrade: Parameters<Handler['onRequestUpgrade']>): void {
    this.over()
    this.handler.onRequestUpgrade?.(...upgrade)
  }

  onResponseStart(...head: Parameters<Handler['onResponseStart']>): void {
    const [controller, statusCode, headers, statusMessage = ''] = head
    const refusal = this.headed(statusCode, statusMessage, (name) => headers[name]?.toString())
    if (refusal === undefined) this.handler.onResponseStart?.(...head)
    else controller.abort(refusal)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(...end: Parameters<Handler['onResponseEnd']>): void {
    this.over()
    this.handler.onResponseEnd?.(...end)
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.handler.onResponseError?.(controller ?? NEVER_STARTED, this.failed(error))
  }

  protected override reject(error: Error): void {
    this.handler.onResponseError?.(NEVER_STARTED, error)
  }

  protected override abort(reason: Error): void {
    this.#controller?.abort(reason)
  }
}
