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
