/* eslint-disable @typescript-eslint/no-deprecated -- undici's own fetch and request have no newer handler */

import type { Duplex } from 'node:stream'
import { ReceivedHeaders } from './received-headers.js'
import { TunnelRequest } from './tunnel-request.js'

/** The handler API of undici 6, which undici 7 still uses for its own fetch and request. */
export class LegacyRequest extends TunnelRequest {
  #abort: ((reason?: Error) => void) | undefined

  onConnect(abort: (reason?: Error) => void): void {
    this.started()
    this.#abort = abort
    this.handler.onConnect?.(abort)
  }

  onUpgrade(statusCode: number, headers: Buffer[] | string[] | null, socket: Duplex): void {
    this.over()
    this.handler.onUpgrade?.(statusCode, headers, socket)
  }

  onHeaders(statusCode: number, headers: Buffer[], resume: () => void, statusText: string): boolean {
    const refusal = this.headed(statusCode, statusText, (name) => new ReceivedHeaders(headers).get(name))
    if (refusal !== undefined) {
      this.#abort?.(refusal)
      return false
    }
    const readOn = (): void => {
      this.resumed()
      resume()
    }
    return this.#flows(this.handler.onHeaders?.(statusCode, headers, readOn, statusText))
  }

  onData(chunk: Buffer): boolean {
    return this.#flows(this.handler.onData?.(chunk))
  }

  onComplete(trailers: string[] | null): void {
    this.over()
    this.handler.onComplete?.(trailers)
  }

  onBodySent(chunkSize: number, totalBytesSent: number): void {
    this.handler.onBodySent?.(chunkSize, totalBytesSent)
  }

  onError(error: Error): void {
    this.reject(this.failed(error))
  }

  protected override reject(error: Error): void {
    this.handler.onError?.(error)
  }

  protected override abort(reason: Error): void {
    this.#abort?.(reason)
  }

  /** Only `false` pauses; undici's own handlers may also return nothing. */
  #flows(answer: boolean | undefined): boolean {
    if (answer !== false) return true
    this.paused()
    return false
  }
}
