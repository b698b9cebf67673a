import { emitEvent, type TransportEvent } from '../config/index.js'
import { maskedPath } from '../discord/masked-path.js'
import { addressOf, authority } from '../tunnel/index.js'
import type { OutgoingRequest } from './request/request.js'

/** Smaller bodies are over before an event could be shown. */
const LEAST_BYTES = 64 * 1024

/** At most ten events a second. */
const INTERVAL_MS = 100

export type OnEvent = (event: TransportEvent) => void

/** What is the same in every event of one transfer. */
interface Transfer {
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

  constructor(transfer: Transfer, totalBytes: number | null, onEvent: OnEvent) {
    this.#transfer = transfer
    this.#totalBytes = totalBytes
    this.#onEvent = onEvent
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
    emitEvent(
      this.#onEvent,
      type === 'upload-progress'
        ? { type, ...place, sentBytes: this.#bytes, totalBytes }
        : { type, ...place, receivedBytes: this.#bytes, totalBytes },
    )
  }
}

/** @returns undefined for a body that is known to be too small to be reported, and if events are not asked for */
export function transferProgress(
  type: Transfer['type'],
  { url, method }: OutgoingRequest,
  totalBytes: number | null,
  onEvent: OnEvent | undefined,
): Progress | undefined {
  if (onEvent === undefined || (totalBytes !== null && totalBytes < LEAST_BYTES)) return undefined
  const transfer = { type, target: authority(addressOf(url)), method, path: maskedPath(url.pathname) }
  return new Progress(transfer, totalBytes, onEvent)
}
