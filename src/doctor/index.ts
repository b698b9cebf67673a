export type { ConfigurationNote, NoteCode } from './configuration-notes.js'
export {
  diagnose,
  diagnoseConfiguration,
  type DiagnosedConfiguration,
  type DiagnoseOptions,
} from './diagnose.js'
export type { Diagnosis } from './diagnosis.js'
export type { Fix } from './fix.js'
export type { HopProgress } from './hop-log.js'
export type { DiagnosedHop, DiagnosisCode, DiscordCode, HopId, HopStatus } from './hops.js'
export {
  DENIED_NAMES,
  DENIED_RANGES,
  type DeniedName,
  type DeniedRange,
  type DestinationCategory,
} from './denied-destinations.js'
export { validateProxy, type ValidateOptions } from './validate.js'
export type { PolicyCheck, ProxyValidation, ValidationCheck } from './validation.js'
