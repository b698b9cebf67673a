export type { RequestOptions } from './calls.js'
export { OpenClawGatewayClient, type ReplyOptions } from './client.js'
export type { ConnectOptions } from './engine.js'
export type {
  AgentEvent,
  ChatEvent,
  Disconnected as OpenClawDisconnected,
  Gap as OpenClawGap,
  OpenClawEvents,
  Reload as OpenClawReload,
  Restarted as OpenClawRestarted,
  SessionEvent,
  Shutdown as OpenClawShutdown,
  StreamName as OpenClawStreamName,
} from './events.js'
export type {
  ChatHistory,
  HistoryMessage,
  OpenClawMethods,
  RunStarted,
  SessionRow,
  SessionsCreated,
  SessionsCreateParams,
  SessionsList,
  SessionsListParams,
} from './methods.js'
export { OpenClawError, type OpenClawErrorCode, type OpenClawErrorDetails } from './openclaw-error.js'
export type { DeviceOptions, OpenClawClientOptions } from './options.js'
export type { LoopbackMode } from './route/address.js'
export type { ReconnectSettings } from './reconnects.js'
export { messageText } from './answers.js'
export type { Reply, Run } from './reply.js'
export type { EventFrame } from './wire/frames.js'
export type { HelloOk, HelloPolicy } from './wire/hello.js'
