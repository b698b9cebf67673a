import { emitEvent, type OnEvent } from '../config/index.js'
import { maskedPath } from '../discord/masked-path.js'
import { addressOf, authority } from '../tunnel/index.js'
import type { TransferObserver } from './request/request-body.js'
import type { OutgoingRequest } from './request/request.js'

/** Smaller bodies are over before an event could be shown. */
const LEAST_BYTES = 64 * 1024

/** At most ten events a second. */
const INTERVAL_MS = 100

/**
 * Reports how far one body has come.
 *
 * @returns undefined for a body that is known to be too small to be reported, and if events are not asked for
 */
export function transferProgress(
  type: 'upload-progress' | 'download-progress',
  { url, method }: OutgoingRequest,
  totalBytes: number | null,
  onEvent: OnEvent | undefined,
): TransferObserver | undefined {
  if (onEvent === undefined || (totalBytes !== null && totalBytes < LEAST_BYTES)) return undefined
  const place = { target: authority(addressOf(url)), method, path: maskedPath(url.pathname) }
  let bytes = 0
  let reported = 0
  let reportedAt = -Infinity
  const report = (): void => {
    if (bytes < LEAST_BYTES) return
    reported = bytes
    reportedAt = performance.now()
    if (type === 'upload-progress') emitEvent(onEvent, { type, ...place, sentBytes: bytes, totalBytes })
    else emitEvent(onEvent, { type, ...place, receivedBytes: bytes, totalBytes })
  }
  return {
    add: (added) => {
      bytes += added
      // The last one is for finish().
      if (bytes !== totalBytes && performance.now() - reportedAt >= INTERVAL_MS) report()
    },
    finish: () => {
      if (bytes > reported) report()
    },
  }
}
