import { dantePolicy } from './dante.js'
import type { EgressPolicy } from './egress-policy.js'
import { jsonPolicy } from './json.js'
import { nftablesPolicy } from './nftables.js'
import { squidPolicy } from './squid.js'

export { DENIED_NAMES, DENIED_RANGES } from './destinations.js'
export type { DeniedName, DeniedRange, DestinationCategory } from './destinations.js'
export { deniedSample, egressPolicy } from './egress-policy.js'
export type { EgressPolicy, PolicyOptions } from './egress-policy.js'

export type PolicyFormat = 'squid' | 'nftables' | 'dante' | 'json'

/** A policy as configuration of a program. */
export const POLICY_FORMATS: Readonly<Record<PolicyFormat, (policy: EgressPolicy) => string>> = {
  squid: squidPolicy,
  nftables: nftablesPolicy,
  dante: dantePolicy,
  json: jsonPolicy,
}
