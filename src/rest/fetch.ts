import type { Dispatcher } from 'undici'
import type { DeliveryLimits, OnEvent } from '../config/index.js'
import { deliver, type DeliveryContext, type SendAttempt } from './delivery/delivery.js'
import { readRequest, type FetchInit, type FetchInput } from './request/request.js'
import { sendRequest } from './send-request.js'
import { undiciFetch } from './undici-fetch.js'

/** A drop-in for the global fetch: takes and gives global classes, and undici's. */
export type TransportFetch = (input: FetchInput, init?: FetchInit) => Promise<Response>

export interface FetchOptions extends DeliveryContext {
  /** Told of the progress of bodies of 64 KiB and more. Default: nothing is reported, at no cost. */
  readonly onEvent?: OnEvent | undefined
  /** `false` sends everything once and as it is. Default: false. */
  readonly delivery?: DeliveryLimits | false
}

/** A fetch over one dispatcher. Failures of the route reject with their TransportError itself. */
export function createFetch(
  dispatcher: Dispatcher,
  { onEvent, delivery = false, ...context }: FetchOptions = {},
): TransportFetch {
  const send: SendAttempt = (request, answerTimeoutMs) => {
    const attempt = request.browserMembers === undefined ? sendRequest : undiciFetch
    return attempt(dispatcher, request, { onEvent, answerTimeoutMs })
  }
  if (delivery !== false) return deliver(send, delivery, context)
  const { maxFileBytes } = context
  return async (input, init) => send(await readRequest(input, init, { maxFileBytes }))
}
