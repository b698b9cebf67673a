import type { GatewayClientOptions } from '../index.js'

/** The limits of `createGateway()` that every adapter takes. */
export type GatewayLimits = Pick<
  GatewayClientOptions,
  'gatewayInfoTimeoutMs' | 'gatewayReadyTimeoutMs' | 'gatewayRuntimeReadyTimeoutMs'
>
