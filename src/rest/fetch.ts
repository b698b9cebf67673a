import { Request as UndiciRequest, type Dispatcher } from 'undici'
import { AnswerTimeout } from './answer-timeout.js'
import { directFetch } from './direct-fetch.js'
import type { OnEvent } from './progress.js'
import { readRequestObject } from './request/request-object.js'
import { readRequest, type FetchInit, type FetchInput, type OutgoingRequest } from './request/request.js'
import { undiciFetch } from './undici-fetch.js'

/** A drop-in for the global fetch: takes and gives global classes, and undici's. */
export type TransportFetch = (input: FetchInput, init?: FetchInit) => Promise<Response>

export interface FetchOptions {
  /** Told of the progress of bodies of 64 KiB and more. Default: nobody is told, at no cost. */
  readonly onEvent?: OnEvent | undefined
  /** Milliseconds from a request on its tunnel to the head of its answer. Default: the dispatcher's own limit. */
  readonly answerTimeoutMs?: number | undefined
}

/** A fetch over one dispatcher. Failures of the route reject with their TransportError itself. */
export function createFetch(dispatcher: Dispatcher, options: FetchOptions = {}): TransportFetch {
  const { answerTimeoutMs } = options
  const limited = answerTimeoutMs === undefined ? dispatcher : new AnswerTimeout(dispatcher, answerTimeoutMs)
  const send = (
    request: OutgoingRequest | undefined,
    input: FetchInput,
    init: FetchInit | undefined,
  ): Promise<Response> =>
    request === undefined ? undiciFetch(limited, input, init) : directFetch(dispatcher, request, options)

  // Not an async function: it would wait three turns for a promise that is here.
  return function fetch(input, init) {
    try {
      return input instanceof Request || input instanceof UndiciRequest
        ? readRequestObject(input, init).then((request) => send(request, input, init))
        : send(readRequest(input, init), input, init)
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a caller's toString may throw anything
      return Promise.reject(error)
    }
  }
}
