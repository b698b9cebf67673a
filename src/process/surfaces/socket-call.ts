import { isOwnConnection } from '../../tunnel/own-connections.js'
import type { Wanted } from '../decisions.js'
import type { Surface } from '../surface.js'
import { isChosen } from './chosen.js'
import { connectTarget, type ConnectArguments, type ConnectTarget } from './connect-arguments.js'
import type { HookContext } from './context.js'
import { isPlain } from './plain-connections.js'

/** A call of net.connect() or tls.connect() that is in scope. */
export interface Call extends ConnectArguments {
  readonly target: ConnectTarget
  readonly surface: Surface
  /** Whether TLS is part of it. */
  readonly secure: boolean
  /** Whether it is for plain HTTP. */
  readonly plain: boolean
  /** The host, or the name that the caller gives to its address. */
  readonly name: string
}

/** Whether the hooks let every connection pass that begins now. */
export function letsPass({ decisions }: HookContext): boolean {
  return decisions.stopped || isOwnConnection()
}

/** The call with its arguments; undefined where it is none of ours to decide. */
export function callInScope(
  given: ConnectArguments,
  asked: 'net' | 'tls',
  context: HookContext,
): Call | undefined {
  const { decisions, current } = context
  const target = connectTarget(given)
  if (target === undefined || isChosen(given.options)) return undefined
  const byHost = decisions.concerns(target.host)
  const name = byHost ? target.host : ownerOf(given, target, context)
  if (name === undefined) return undefined
  const surface = current.surface ?? surfaceOf(given.options, asked)
  const call = { ...given, target, surface, secure: asked === 'tls', name }
  return { ...call, plain: byHost && isPlain(call, context) }
}

/**
 * The host in scope to which the caller says that an address belongs. For a request Node says it, by the Host header: with
 * CONNECT, and in absolute form, that is the name of the destination and not of the proxy that the request is sent to.
 */
function ownerOf(
  { options: { servername } }: ConnectArguments,
  { host, port }: ConnectTarget,
  { decisions }: HookContext,
): string | undefined {
  if (typeof servername !== 'string' || !decisions.concerns(servername)) return undefined
  return decisions.isLeft(host, port) ? undefined : servername
}

/** Node passes the options of a request without an agent on to the function that connects. */
export function surfaceOf(options: ConnectArguments['options'], asked: 'net' | 'tls'): Surface {
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

export function wantedBy({ target: { port }, surface, name, secure, plain }: Call): Wanted {
  const authority = name.includes(':') ? `[${name}]` : name
  const [scheme, defaultPort] = schemeOf(surface, secure)
  const url = `${scheme}://${authority}${port === defaultPort ? '' : `:${port}`}`
  return { surface, host: name, port, plain, url: () => url }
}

function schemeOf(surface: Surface, secure: boolean): readonly [scheme: string, defaultPort?: number] {
  if (surface === 'net') return ['tcp']
  if (surface === 'tls') return ['tls']
  if (surface === 'websocket') return secure ? ['wss', 443] : ['ws', 80]
  return secure ? ['https', 443] : ['http', 80]
}
