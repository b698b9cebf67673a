import http2 from 'node:http2'
import net, { type Socket } from 'node:net'
import tls, { type ConnectionOptions } from 'node:tls'
import { asOwnConnection } from '../../tunnel/own-connections.js'
import type { Decision } from '../decisions.js'
import type { Replacement } from '../hooks.js'
import type { ProcessRoute } from '../route.js'
import { isChosen } from './chosen.js'
import { connectArguments, connectTarget, type ConnectArguments } from './connect-arguments.js'
import type { HookContext } from './context.js'
import {
  connectTlsOver,
  guardUndiciConnections,
  refusedSocket,
  withGuardedConnection,
} from './given-sockets.js'
import { watchPlainConnections } from './plain-connections.js'
import { readIntoBuffer } from './read-into-buffer.js'
import { callInScope, letsPass, wantedBy, type Call } from './socket-call.js'
import { TunnelSocket } from './tunnel-socket.js'
import { VoiceServers } from './voice-servers.js'

/** node:net and node:tls, and what connects by them: undici's own agents, and requests of node:http without an agent. */
export function hookSockets(context: HookContext): void {
  const { hooks } = context
  watchPlainConnections(context)
  guardUndiciConnections(context)
  const connect: Replacement = (_self, values, pass) => {
    if (letsPass(context)) return pass()
    const call = callInScope(connectArguments(values), 'net', context)
    if (call === undefined) return pass()
    const decision = context.decisions.decide(wantedBy(call))
    if (decision.action === 'direct') return direct(decision, call, pass, context)
    const socket = socketFor(decision, call)
    if (call.callback !== undefined) socket.once('connect', call.callback)
    startTimeout(socket, call.options)
    readIntoBuffer(socket, call.options)
    context.origins.carry(socket)
    return socket
  }
  hooks.method('net.connect', net, 'connect', connect)
  hooks.method('net.createConnection', net, 'createConnection', connect)
  hooks.method('tls.connect', tls, 'connect', hookedTlsConnect(context))
  hooks.method('http2.connect', http2, 'connect', (_self, values, pass) => {
    const { surface } = context.current
    context.current.surface = 'http2'
    try {
      return pass(withGuardedConnection(values, context))
    } finally {
      context.current.surface = surface
    }
  })
  hooks.method('net.Socket.prototype.connect', net.Socket.prototype, 'connect', guardedConnect(context))
}

function hookedTlsConnect(context: HookContext): Replacement {
  return (_self, values, pass) => {
    const given = connectArguments(values)
    const { socket: below } = given.options
    if (typeof below === 'object' && below !== null)
      return connectTlsOver(
        below,
        given,
        (options) => pass(options === undefined ? values : [options, given.callback]),
        context,
      )
    if (letsPass(context)) return pass()
    const call = callInScope(given, 'tls', context)
    if (call === undefined) return pass()
    const decision = context.decisions.decide(wantedBy(call))
    if (decision.action === 'direct') return direct(decision, call, pass, context)
    const { options, callback, target } = call
    const socket = socketFor(decision, call)
    const defaults = decision.action === 'proxy' ? tlsDefaults(decision.route, call) : {}
    const secure = pass([{ ...defaults, ...withoutUndefined(options), ...target, socket }, callback])
    if (!(secure instanceof tls.TLSSocket)) return secure
    socket.carry(secure)
    context.origins.carry(secure)
    if (decision.action === 'proxy' && VoiceServers.isVoiceHost(call.name)) context.voiceServers.watch(secure)
    startTimeout(secure, options)
    readIntoBuffer(secure, options)
    return secure
  }
}

/** A connection in scope that goes direct by a decision. */
function direct(
  decision: Extract<Decision, { action: 'direct' }>,
  { target }: Call,
  open: () => unknown,
  { origins }: HookContext,
): unknown {
  const socket = asOwnConnection(open)
  if (socket instanceof net.Socket) {
    origins.note(socket, target)
    if (decision.chosen) origins.choose(socket)
  }
  return socket
}

/**
 * A socket that its user has made himself is connected here, and it cannot be replaced any more: it is refused where
 * the connection would have to take the proxy.
 */
function guardedConnect(context: HookContext): Replacement {
  return (self, values, pass) => {
    if (letsPass(context) || !(self instanceof net.Socket)) return pass()
    const given = connectArguments(values)
    const { decisions, origins } = context
    origins.note(self, connectTarget(given))
    if (decisions.bypassing || isChosen(given.options)) origins.choose(self)
    const call = callInScope(given, 'net', context)
    if (call === undefined) return pass()
    const decision = decisions.decide(wantedBy(call))
    if (decision.action === 'direct') {
      if (decision.chosen) origins.choose(self)
      return pass()
    }
    const error = decision.action === 'refuse' ? decision.error : decisions.unroutable('socket', call.target)
    process.nextTick(() => self.destroy(error))
    return self
  }
}

/** The socket in place of one that would connect itself; that of a refused connection fails. */
function socketFor(decision: Exclude<Decision, { action: 'direct' }>, call: Call): TunnelSocket {
  const { options, target } = call
  const { signal, allowHalfOpen } = options
  if (decision.action === 'refuse') return refusedSocket(target, decision.error)
  const { route } = decision
  return new TunnelSocket({
    ...target,
    open: async (opening) => route.faces.openTunnel(target, opening),
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
