import type { GatewayClientOptions } from '../index.js'

/** The limits of `createGateway()` that every adapter takes. */
export type GatewayLimits = Pick<
  GatewayClientOptions,
  'gatewayInfoTimeoutMs' | 'gatewayReadyTimeoutMs' | 'gatewayRuntimeReadyTimeoutMs'
>

export function limitsOf(options: GatewayLimits): GatewayLimits {
  const { gatewayInfoTimeoutMs, gatewayReadyTimeoutMs, gatewayRuntimeReadyTimeoutMs } = options
  return { gatewayInfoTimeoutMs, gatewayReadyTimeoutMs, gatewayRuntimeReadyTimeoutMs }
}
