import type { TransportEvent } from '../config/index.js'

/** Smaller bodies are over before anybody could look. */
const LEAST_BYTES = 64 * 1024

/** At most ten events a second. */
const INTERVAL_MS = 100

export type OnEvent = (event: TransportEvent) => void

/** What is the same in every event of one transfer. */
export interface Transfer {
  readonly type: 'upload-progress' | 'download-progress'
  readonly target: string
  readonly method: string
  readonly path: string
}

/** Reports how far one body has come. */
export class Progress {
  readonly #transfer: Transfer
  readonly #totalBytes: number | null
  readonly #onEvent: OnEvent
  #bytes = 0
  #reported = 0
  #reportedAt = -Infinity

  private constructor(transfer: Transfer, totalBytes: number | null, onEvent: OnEvent) {
    this.#transfer = transfer
    this.#totalBytes = totalBytes
    this.#onEvent = onEvent
  }

  /** Undefined for a body that is known to be too small to be reported. */
  static of(transfer: Transfer, totalBytes: number | null, onEvent: OnEvent): Progress | undefined {
    if (totalBytes !== null && totalBytes < LEAST_BYTES) return undefined
    return new Progress(transfer, totalBytes, onEvent)
  }

  add(bytes: number): void {
    this.#bytes += bytes
    // The last one is for finish().
    if (this.#bytes === this.#totalBytes) return
    if (performance.now() - this.#reportedAt >= INTERVAL_MS) this.#report()
  }

  /** The body is complete. */
  finish(): void {
    if (this.#bytes > this.#reported) this.#report()
  }

  #report(): void {
    if (this.#bytes < LEAST_BYTES) return
    this.#reported = this.#bytes
    this.#reportedAt = performance.now()
    const { type, ...place } = this.#transfer
    const totalBytes = this.#totalBytes
    this.#emit(
      type === 'upload-progress'
        ? { type, ...place, sentBytes: this.#bytes, totalBytes }
        : { type, ...place, receivedBytes: this.#bytes, totalBytes },
    )
  }

  /** A listener that throws is its author's uncaught exception; it must not break a transfer. */
  #emit(event: TransportEvent): void {
    try {
      this.#onEvent(event)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/**
 * A path fit for events. The tokens in it are secrets: whoever knows one can post as the webhook, or answer
 * the interaction (https://discord.com/developers/docs/resources/webhook).
 */
export function maskedPath(pathname: string): string {
  return pathname.replace(/(\/(?:webhooks|interactions)\/[^/]+\/)[^/]+/g, '$1***')
}
