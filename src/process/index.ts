export { carriedOptions } from './children/carried.js'
export { explainInstallation, install } from './install.js'
export { callerOfInstall, processState, type ProcessState, type Installer } from './registry.js'
export type { InstalledExplanation, Installation } from './installation.js'
export {
  parseInstallOptions,
  type BypassPolicy,
  type BypassRequest,
  type InstallOptions,
  type ResolvedInstallOptions,
} from './options.js'
export type { ProcessRoute, ProcessRoutes, RouteFaces } from './route.js'
export type { Surface } from './surface.js'
export { CHOSEN } from './surfaces/chosen.js'
