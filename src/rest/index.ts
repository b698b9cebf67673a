export { createFetch, type TransportFetch } from './fetch.js'
export type { FetchInit, FetchInput } from './request/request.js'
export { wrapRequestClient } from './request-client.js'
