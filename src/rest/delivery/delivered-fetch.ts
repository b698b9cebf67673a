import type { Dispatcher } from 'undici'
import type { DeliveryLimits } from '../../config/index.js'
import { createFetch, type FetchOptions, type TransportFetch } from '../fetch.js'
import { withDelivery } from './delivery.js'

export interface DeliveredFetchOptions extends FetchOptions {
  /** `false` sends everything once and as it is. */
  readonly delivery: DeliveryLimits | false
  /** See {@link DeliveryContext.connectTimeoutMs}. */
  readonly connectTimeoutMs: number
  /** Aborted, with a TransportError, when the transport closes. */
  readonly closing: AbortSignal
}

/** The fetch of a transport: over one dispatcher, with delivery or without. */
export function createDeliveredFetch(
  dispatcher: Dispatcher,
  { delivery, connectTimeoutMs, closing, ...options }: DeliveredFetchOptions,
): TransportFetch {
  const send = createFetch(dispatcher, options)
  if (delivery === false) return send
  const impatient = createFetch(dispatcher, { ...options, answerTimeoutMs: delivery.answerTimeoutMs })
  return withDelivery(send, delivery, { impatient, connectTimeoutMs, closing })
}
