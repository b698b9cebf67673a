export type { DeliveryClock } from './clock.js'
export { createDeliveredFetch, type DeliveredFetchOptions } from './delivered-fetch.js'
export { withDelivery, type DeliveryContext } from './delivery.js'
