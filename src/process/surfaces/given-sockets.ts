import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { TransportError } from '../../errors.js'
import { OWN_SOCKET } from '../../tunnel/own-connections.js'
import { isDiscord } from '../destination.js'
import type { Wanted } from '../decisions.js'
import { isChosen } from './chosen.js'
import type { ConnectArguments, ConnectTarget } from './connect-arguments.js'
import type { HookContext } from './context.js'
import { memberOf, undiciTarget } from './plain-connections.js'
import { letsPass, surfaceOf, wantedBy } from './socket-call.js'
import { TunnelSocket } from './tunnel-socket.js'

type Options = ConnectArguments['options']

/**
 * tls.connect() over a socket that the program has connected: over net.connect() it is one of ours, and over any other one
 * that leads past the proxy TLS to Discord is refused.
 *
 * @param connect calls the original, with other options or with those of the caller
 */
export function connectTlsOver(
  below: object,
  given: ConnectArguments,
  connect: (options?: Options) => unknown,
  context: HookContext,
): unknown {
  const refused = refusedOver(below, given, context)
  const secure = refused === undefined ? connect() : connect({ ...given.options, socket: refused })
  const under = refused ?? below
  if (!(secure instanceof tls.TLSSocket)) return secure
  if (under instanceof TunnelSocket) {
    under.carry(secure)
    context.origins.carry(secure)
  } else context.origins.inherit(secure, under)
  return secure
}

function refusedOver(
  below: object,
  { options, callback }: ConnectArguments,
  context: HookContext,
): TunnelSocket | undefined {
  if (letsPass(context)) return undefined
  const { servername, host, port } = options
  const name = typeof servername === 'string' && servername !== '' ? servername : host
  if (typeof name !== 'string' || !isDiscord(name) || isChosen(options)) return undefined
  const target = { host: name, port: typeof port === 'number' ? port : HTTPS_PORT }
  const surface = context.current.surface ?? surfaceOf(options, 'tls')
  const wanted = wantedBy({ options, callback, target, surface, secure: true, plain: false, name })
  return refusalOf(below, wanted, context)
}

const HTTPS_PORT = 443

/** The arguments of http2.connect(). A socket to Discord that the option `createConnection` gives is looked at. */
export function withGuardedConnection(values: readonly unknown[], context: HookContext): readonly unknown[] {
  const [authority, options, ...rest] = values
  if (typeof options !== 'object' || options === null) return values
  const createConnection: unknown = Reflect.get(options, 'createConnection')
  const url = urlOf(authority)
  if (typeof createConnection !== 'function' || url === undefined || !isDiscord(url.hostname)) return values
  const secure = url.protocol === 'https:'
  const wanted: Wanted = {
    surface: 'http2',
    host: url.hostname,
    port: url.port === '' ? (secure ? HTTPS_PORT : 80) : Number(url.port),
    plain: false,
    url: () => url.origin,
  }
  const guarded = function (this: unknown, ...given: unknown[]): unknown {
    const socket: unknown = Reflect.apply(createConnection, this, given)
    return socket instanceof Duplex ? (refusalOf(socket, wanted, context) ?? socket) : socket
  }
  return [authority, { ...options, createConnection: guarded }, ...rest]
}

/** Undefined for what Node will refuse. */
function urlOf(authority: unknown): URL | undefined {
  if (authority instanceof URL) return authority
  if (typeof authority === 'string') return URL.canParse(authority) ? new URL(authority) : undefined
  if (typeof authority !== 'object' || authority === null) return undefined
  const part = (name: string): string => {
    const value: unknown = Reflect.get(authority, name)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  const host = part('hostname') || part('host')
  const url = `${part('protocol') || 'https:'}//${host}${part('port') === '' ? '' : `:${part('port')}`}`
  return URL.canParse(url) ? new URL(url) : undefined
}

/**
 * Published by each undici in the process when it has a connection, before anything is sent over it.
 * https://github.com/nodejs/undici/blob/v7.0.0/docs/docs/api/DiagnosticsChannel.md#undiciclientconnected
 */
const CONNECTED = 'undici:client:connected'

/** The sockets that the option `connect` of an undici Agent gives for Discord are looked at. */
export function guardUndiciConnections(context: HookContext): void {
  const listener = (message: unknown): void => {
    const target = undiciTarget(message)
    const socket = memberOf(message, 'socket')
    if (target === undefined || !isDiscord(target.host) || !(socket instanceof Duplex)) return
    if (memberOf(socket, OWN_SOCKET) === true) return
    // As a request of node:http over a path, it is none of the installation.
    if (context.origins.isPath(socket)) return
    const { host, port, secure } = target
    const url = (): string => new URL(`${secure ? 'https' : 'http'}://${host}:${port}`).origin
    const error = errorOver(socket, { surface: 'undici', host, port, plain: !secure, url }, context)
    if (error !== undefined) socket.destroy(error)
  }
  subscribe(CONNECTED, listener)
  context.onStop(() => void unsubscribe(CONNECTED, listener))
}

/** A socket that fails, in the place of one that leads past the proxy; undefined where that one may be used. */
function refusalOf(socket: object, wanted: Wanted, context: HookContext): TunnelSocket | undefined {
  const error = errorOver(socket, wanted, context)
  if (error === undefined) return undefined
  if (socket instanceof Duplex) {
    // Nobody listens to it any more.
    socket.on('error', () => undefined)
    socket.destroy()
  }
  const refused = refusedSocket(wanted, error)
  context.origins.carry(refused)
  return refused
}

/** Why a socket must not be used: it leads past the proxy. Undefined where it may. */
function errorOver(
  socket: object,
  wanted: Wanted,
  { decisions, origins }: HookContext,
): TransportError | undefined {
  if (!origins.leadsPast(socket)) return undefined
  const decision = decisions.decide(wanted)
  if (decision.action === 'direct') return undefined
  return decision.action === 'refuse' ? decision.error : decisions.unroutable('over', wanted)
}

/** It fails as late as one that connects: an agent may hand it on before anybody listens. */
export function refusedSocket({ host, port }: ConnectTarget, error: Error): TunnelSocket {
  return new TunnelSocket({
    host,
    port,
    open: () => new Promise((_resolve, reject) => setImmediate(() => reject(error))),
  })
}
