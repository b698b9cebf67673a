export type { OpenClawEventQueue, OpenClawGatewayOptions } from './config/discord-limits.js'
export type { OpenClawInstallOptions, OpenClawOptions } from './config/reading.js'
export { transportFromOpenClaw, type OpenClawTransport } from './config/transport-from-openclaw.js'
export * from './client/index.js'
