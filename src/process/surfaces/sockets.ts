import http2 from 'node:http2'
import net, { type Socket } from 'node:net'
import tls, { type ConnectionOptions } from 'node:tls'
import { asOwnConnection, isOwnConnection } from '../../tunnel/own-connections.js'
import type { Decision, Wanted } from '../decisions.js'
import type { AnyFunction } from '../hooks.js'
import type { ProcessRoute } from '../route.js'
import type { Surface } from '../surface.js'
import { isChosen } from './chosen.js'
import {
  connectArguments,
  connectTarget,
  type ConnectArguments,
  type ConnectTarget,
} from './connect-arguments.js'
import type { HookContext } from './context.js'
import { readIntoBuffer } from './read-into-buffer.js'
import { TunnelSocket } from './tunnel-socket.js'
import { VoiceServers } from './voice-servers.js'

/** A call of net.connect() or tls.connect() that is in scope. */
interface Call extends ConnectArguments {
  readonly target: ConnectTarget
  readonly surface: Surface
  /** Whether TLS is part of it. */
  readonly secure: boolean
  /** The host, or the name that the caller gives to its address. */
  readonly name: string
}

/** node:net and node:tls, and what connects by them: undici's own agents, and requests of node:http without an agent. */
export function hookSockets(context: HookContext): void {
  const { hooks } = context
  const connect = (original: AnyFunction): AnyFunction =>
    function (...values) {
      const call = callInScope(values, 'net', context)
      if (call === undefined) return Reflect.apply(original, this, values)
      const decision = context.decisions.decide(wantedBy(call))
      if (decision.action === 'direct') return asOwnConnection(() => Reflect.apply(original, this, values))
      const socket = socketFor(decision, call)
      if (call.callback !== undefined) socket.once('connect', call.callback)
      startTimeout(socket, call.options)
      readIntoBuffer(socket, call.options)
      context.carried.add(socket)
      return socket
    }
  hooks.method('net.connect', net, 'connect', connect)
  hooks.method('net.createConnection', net, 'createConnection', connect)
  hooks.method('tls.connect', tls, 'connect', (original) => hookedTlsConnect(original, context))
  hooks.method('http2.connect', http2, 'connect', (original) => {
    const hooked: AnyFunction = function (...values) {
      const { surface } = context.current
      context.current.surface = 'http2'
      try {
        return Reflect.apply(original, this, values)
      } finally {
        context.current.surface = surface
      }
    }
    return hooked
  })
  hooks.method('net.Socket.prototype.connect', net.Socket.prototype, 'connect', (original) =>
    guardedConnect(original, context),
  )
}

function hookedTlsConnect(original: AnyFunction, context: HookContext): AnyFunction {
  return function (...values) {
    const { socket: below } = connectArguments(values).options
    if (below !== undefined && below !== null)
      return overGiven(Reflect.apply(original, this, values), below, context)
    const call = callInScope(values, 'tls', context)
    if (call === undefined) return Reflect.apply(original, this, values)
    const decision = context.decisions.decide(wantedBy(call))
    if (decision.action === 'direct') return asOwnConnection(() => Reflect.apply(original, this, values))
    const { options, callback, target } = call
    const socket = socketFor(decision, call)
    const defaults = decision.action === 'proxy' ? tlsDefaults(decision.route, call) : {}
    const secure = Reflect.apply(original, this, [
      { ...defaults, ...withoutUndefined(options), ...target, socket },
      callback,
    ])
    if (!(secure instanceof tls.TLSSocket)) return secure
    socket.carry(secure)
    context.carried.add(secure)
    if (decision.action === 'proxy' && VoiceServers.isVoiceHost(call.name)) context.voiceServers.watch(secure)
    startTimeout(secure, options)
    readIntoBuffer(secure, options)
    return secure
  }
}

/** TLS over a socket that the caller has connected: by net.connect(), it may be one of ours. */
function overGiven(secure: unknown, given: unknown, { carried }: HookContext): unknown {
  if (given instanceof TunnelSocket && secure instanceof tls.TLSSocket) {
    given.carry(secure)
    carried.add(secure)
  }
  return secure
}

/**
 * A socket that its user has made himself is connected here, and it cannot be replaced any more: it is refused where
 * the connection would have to take the proxy.
 */
function guardedConnect(original: AnyFunction, context: HookContext): AnyFunction {
  return function (...values) {
    const call = callInScope(values, 'net', context)
    if (call === undefined || !(this instanceof net.Socket)) return Reflect.apply(original, this, values)
    const decision = context.decisions.decide(wantedBy(call))
    if (decision.action === 'direct') return Reflect.apply(original, this, values)
    const error =
      decision.action === 'refuse' ? decision.error : context.decisions.unroutable('socket', call.target)
    process.nextTick(() => this.destroy(error))
    return this
  }
}

/** The call with its arguments; undefined where it is none of ours to decide. */
function callInScope(
  values: readonly unknown[],
  asked: 'net' | 'tls',
  { decisions, current }: HookContext,
): Call | undefined {
  if (isOwnConnection() || decisions.stopped) return undefined
  const given = connectArguments(values)
  const target = connectTarget(given)
  if (target === undefined || isChosen(given.options)) return undefined
  const surface = current.surface ?? surfaceOf(given.options, asked)
  const secure = asked === 'tls'
  if (decisions.concerns(target.host)) return { ...given, target, surface, secure, name: target.host }
  // An address of which the caller says whose it is.
  const { servername } = given.options
  if (typeof servername !== 'string' || !decisions.concerns(servername)) return undefined
  return { ...given, target, surface, secure, name: servername }
}

/** Node passes the options of a request without an agent on to the function that connects. */
function surfaceOf(options: ConnectArguments['options'], asked: 'net' | 'tls'): Surface {
  const { headers, createConnection, _defaultAgent: defaultAgent } = options
  if (isObject(headers)) {
    const upgrade: unknown = Reflect.get(headers, 'Upgrade') ?? Reflect.get(headers, 'upgrade')
    if (typeof upgrade === 'string' && upgrade.toLowerCase() === 'websocket') return 'websocket'
  } else if (typeof createConnection !== 'function' && defaultAgent === undefined) return asked
  return asked === 'tls' ? 'https' : 'http'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function wantedBy({ target: { port }, surface, name, secure }: Call): Wanted {
  const authority = name.includes(':') ? `[${name}]` : name
  const [scheme, defaultPort] = schemeOf(surface, secure)
  const url = `${scheme}://${authority}${port === defaultPort ? '' : `:${port}`}`
  return { surface, host: name, port, plain: false, url: () => url }
}

function schemeOf(surface: Surface, secure: boolean): readonly [scheme: string, defaultPort?: number] {
  if (surface === 'net') return ['tcp']
  if (surface === 'tls') return ['tls']
  if (surface === 'websocket') return secure ? ['wss', 443] : ['ws', 80]
  return secure ? ['https', 443] : ['http', 80]
}

/** The socket in place of one that would connect itself; that of a refused connection fails. */
function socketFor(decision: Exclude<Decision, { action: 'direct' }>, call: Call): TunnelSocket {
  const { options, target } = call
  const { signal, allowHalfOpen } = options
  return new TunnelSocket({
    ...target,
    open: async (opening) => {
      if (decision.action === 'refuse') throw decision.error
      return decision.route.faces.openTunnel(target, opening)
    },
    ...(signal instanceof AbortSignal ? { signal } : undefined),
    allowHalfOpen: allowHalfOpen === true,
  })
}

/** Options of the caller that need a secure context of their own. */
const CONTEXT_OPTIONS = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'ciphers',
  'crl',
  'dhparam',
  'ecdhCurve',
  'maxVersion',
  'minVersion',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'sigalgs',
] as const

/** The options of the transport for this destination, where the caller has none of his own. */
function tlsDefaults(route: ProcessRoute, { options, target }: Call): ConnectionOptions {
  const { secureContext, rejectUnauthorized, checkServerIdentity } = route.faces.tlsOptions(target.host)
  const ownContext = CONTEXT_OPTIONS.some((name) => options[name] !== undefined)
  return {
    ...(ownContext ? undefined : { secureContext }),
    ...(rejectUnauthorized === undefined ? undefined : { rejectUnauthorized }),
    ...(checkServerIdentity === undefined ? undefined : { checkServerIdentity }),
  }
}

/** undici and others write options that they do not set as undefined, which would hide a default. */
function withoutUndefined(options: ConnectArguments['options']): Record<PropertyKey, unknown> {
  const entries = Reflect.ownKeys(options).map((key) => [key, options[key]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function startTimeout(socket: Socket, { timeout }: ConnectArguments['options']): void {
  if (typeof timeout === 'number' && timeout > 0) socket.setTimeout(timeout)
}
