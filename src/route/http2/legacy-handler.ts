/* eslint-disable @typescript-eslint/no-deprecated -- undici's own fetch has no newer handler */
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'

/** A handler of undici's current kind; one of its older kind, which its own fetch still uses, is wrapped. */
export function currentHandler(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return handler.onRequestStart === undefined ? new LegacyHandler(handler) : handler
}

class LegacyHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#handler.onConnect?.((reason) => controller.abort(reason ?? new Error('aborted')))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText = '',
  ): void {
    this.#handler.onResponseStarted?.()
    const more = this.#handler.onHeaders?.(status, raw(headers), () => controller.resume(), statusText)
    if (more === false) controller.pause()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause()
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#handler.onComplete?.(raw(trailers).map(String))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onError?.(error)
  }
}

/** Names and values, one after the other. */
function raw(headers: IncomingHttpHeaders): Buffer[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((one) => [Buffer.from(name, 'latin1'), Buffer.from(one, 'latin1')]),
  )
}
