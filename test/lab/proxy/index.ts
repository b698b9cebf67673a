export type { LabConnection, LabCredentials, LabTarget } from './connection.js'
export { ALL_FAULTS, faultsFor, type FaultEffect, type NamedFault } from './all-faults.js'
export type { Fault, HandshakeStep, LabScheme, Misbehaviour } from './faults.js'
export type { LabAuth } from './handshake.js'
export { LAB_HOSTS, type LabHost } from './listener.js'
export { GARBAGE } from './misbehaviour.js'
export {
  startPacServer,
  type PacFault,
  type PacRequest,
  type PacScript,
  type PacServer,
  type PacServerOptions,
} from './pac.js'
export type { LabProxy, ProxyOptions } from './lab-proxy.js'
export { startProxy } from './proxy.js'
export type { ForeignAnswer } from './socks5.js'
export type { LabTls } from './tls-listener.js'
