import { Request as UndiciRequest, type Dispatcher } from 'undici'
import { directFetch } from './direct-fetch.js'
import type { OnEvent } from './progress.js'
import { readRequestObject } from './request-object.js'
import { readRequest, type FetchInit, type FetchInput } from './request.js'
import { undiciFetch } from './undici-fetch.js'

/** A drop-in for the global fetch: takes and gives global classes, and undici's. */
export type TransportFetch = (input: FetchInput, init?: FetchInit) => Promise<Response>

export interface FetchOptions {
  /** Told of the progress of bodies of 64 KiB and more. Default: nobody is told, at no cost. */
  readonly onEvent?: OnEvent | undefined
}

/** A fetch over one dispatcher. Failures of the route reject with their TransportError itself. */
export function createFetch(dispatcher: Dispatcher, options: FetchOptions = {}): TransportFetch {
  return async function fetch(input, init) {
    const request =
      input instanceof Request || input instanceof UndiciRequest
        ? await readRequestObject(input, init)
        : readRequest(input, init)
    return request === undefined
      ? undiciFetch(dispatcher, input, init)
      : directFetch(dispatcher, request, options)
  }
}
