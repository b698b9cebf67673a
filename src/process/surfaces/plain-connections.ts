import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Surface } from '../surface.js'
import type { ConnectArguments, ConnectTarget } from './connect-arguments.js'
import type { HookContext } from './context.js'

/**
 * Published by each undici in the process immediately before it calls the function that connects.
 * https://github.com/nodejs/undici/blob/v7.0.0/docs/docs/api/DiagnosticsChannel.md#undiciclientbeforeconnect
 */
const CHANNEL = 'undici:client:beforeConnect'

/**
 * Tells the connections of an undici Agent to http:// origins from others of net.connect(): HTTP_PROXY counts for the
 * former. Without HTTP_PROXY nothing is watched.
 */
export function watchPlainConnections({ routes, current, onStop }: HookContext): void {
  if (routes.plain === null) return
  const listener = (message: unknown): void => {
    const target = undiciTarget(message)
    current.plain = target?.secure === false ? target : undefined
    if (current.plain !== undefined) queueMicrotask(() => (current.plain = undefined))
  }
  subscribe(CHANNEL, listener)
  onStop(() => void unsubscribe(CHANNEL, listener))
}

/** A call of net.connect() or tls.connect(). */
interface Connection {
  readonly target: ConnectTarget
  readonly options: ConnectArguments['options']
  readonly surface: Surface
  readonly secure: boolean
}

/** Whether it is for plain HTTP. */
export function isPlain(
  { target, options, surface, secure }: Connection,
  { current: { plain } }: HookContext,
): boolean {
  if (secure) return false
  if (plain?.host === target.host && plain.port === target.port) return true
  if (surface !== 'http' && surface !== 'websocket') return false
  // A function of the caller may put TLS over it.
  const { protocol, _defaultAgent: agent } = options
  const ofAgent: unknown = typeof agent === 'object' && agent !== null ? Reflect.get(agent, 'protocol') : ''
  return protocol !== 'https:' && ofAgent !== 'https:'
}

/** Where undici connects, by what it publishes. */
export function undiciTarget(message: unknown): (ConnectTarget & { readonly secure: boolean }) | undefined {
  const parameters = memberOf(message, 'connectParams')
  const host = memberOf(parameters, 'hostname')
  if (typeof host !== 'string') return undefined
  const secure = memberOf(parameters, 'protocol') !== 'http:'
  const port = Number(memberOf(parameters, 'port')) || (secure ? 443 : 80)
  return { host: host.replace(/^\[|\]$/g, ''), port, secure }
}

export function memberOf(value: unknown, name: PropertyKey): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? Reflect.get(value, name)
    : undefined
}
