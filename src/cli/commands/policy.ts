import { EXIT, type ExitCode } from '../exit-codes.js'
import { dantePolicy } from '../../doctor/policy/dante.js'
import { jsonPolicy } from '../../doctor/policy/json.js'
import { nftablesPolicy } from '../../doctor/policy/nftables.js'
import { squidPolicy } from '../../doctor/policy/squid.js'
import { print } from '../text/terminal.js'

export type PolicyFormat = 'squid' | 'nftables' | 'dante' | 'json'

export interface PolicyFlags {
  readonly format: PolicyFormat
}

const FORMATS: Record<PolicyFormat, () => string> = {
  squid: squidPolicy,
  nftables: nftablesPolicy,
  dante: dantePolicy,
  json: jsonPolicy,
}

export async function policy({ format }: PolicyFlags): Promise<ExitCode> {
  await print(FORMATS[format]())
  return EXIT.ok
}
