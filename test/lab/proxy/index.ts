export type { LabConnection, LabCredentials, LabTarget } from './connection.js'
export {
  ALL_FAULTS,
  faultsFor,
  type Fault,
  type FaultEffect,
  type HandshakeStep,
  type LabScheme,
  type Misbehaviour,
  type NamedFault,
} from './faults.js'
export type { LabAuth } from './handshake.js'
export type { LabHost } from './listener.js'
export { GARBAGE } from './misbehaviour.js'
export {
  startPacServer,
  type PacFault,
  type PacRequest,
  type PacScript,
  type PacServer,
  type PacServerOptions,
} from './pac.js'
export { startProxy, type LabProxy, type ProxyOptions } from './proxy.js'
export type { ForeignAnswer } from './socks5.js'
export type { LabTls } from './tls-listener.js'
