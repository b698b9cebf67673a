export { sourceName } from '../config/index.js'
export type { ConfigurationNote, NoteCode } from './diagnose/configuration-notes.js'
export type { Comparison, ComparisonVerdict } from './diagnose/comparison.js'
export type { DiagnosedConfiguration } from './diagnose/configuration.js'
export type { DiagnoseOptions } from './diagnose/diagnose-options.js'
export { diagnose, diagnoseConfiguration } from './diagnose/diagnose.js'
export type { Diagnosis, ProxyDiagnosis } from './diagnose/diagnosis.js'
export type { Fix } from './diagnose/fix.js'
export type { HopProgress } from './diagnose/hop-log.js'
export type { DiagnosedHop, DiagnosisCode, DiscordCode, HopId, HopStatus } from './diagnose/hops.js'
export {
  DENIED_NAMES,
  DENIED_RANGES,
  egressPolicy,
  POLICY_FORMATS,
  type DeniedName,
  type DeniedRange,
  type DestinationCategory,
  type PolicyFormat,
  type PolicyOptions,
} from './policy/index.js'
export { validateProxy, type ValidateOptions } from './validate/validate.js'
export type { PolicyCheck, ProxyValidation, ValidationCheck } from './validate/validation.js'
