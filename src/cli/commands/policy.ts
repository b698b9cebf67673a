import {
  egressPolicy,
  POLICY_FORMATS,
  type PolicyFormat,
  type PolicyOptions,
} from '../../doctor/policy/index.js'
import { asUsageErrors } from '../usage-errors.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { print } from '../text/terminal.js'

export interface PolicyFlags extends PolicyOptions {
  readonly format: PolicyFormat
}

export async function policy({ format, ...options }: PolicyFlags): Promise<ExitCode> {
  await print(POLICY_FORMATS[format](asUsageErrors(() => egressPolicy(options))))
  return EXIT.ok
}
