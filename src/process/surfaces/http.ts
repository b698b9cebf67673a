import { Duplex } from 'node:stream'
import http, { type AgentOptions, type ClientRequest, type RequestOptions } from 'node:http'
import { OWN_AGENT } from '../../agent/own-agent.js'
import { isOwnConnection } from '../../tunnel/own-connections.js'
import type { Decision, Wanted } from '../decisions.js'
import { CHOSEN } from './chosen.js'
import type { HookContext } from './context.js'
import { VoiceServers } from './voice-servers.js'

/** The options of a request as Node hands them to an agent: the host is always set. */
interface AgentRequestOptions extends RequestOptions {
  readonly host: string
}

/** An agent of Node, with the fields that its types leave out. */
interface NodeAgent extends http.Agent {
  readonly options: AgentOptions
}

/**
 * node:http and node:https. Each request with an agent, whichever function made it and whenever that was imported,
 * is given to the agent by this one method. Requests without an agent are recognized where they connect: sockets.ts.
 */
export function hookHttp(context: HookContext): void {
  const { hooks, decisions, voiceServers } = context
  /** The requests that an agent of Node has taken: they are decided. */
  const decided = new WeakSet<ClientRequest>()
  guardForeignSockets(context, decided)
  const { prototype } = http.Agent
  hooks.method(
    'http.Agent.prototype.addRequest',
    prototype,
    'addRequest',
    (agent, [request, given], pass) => {
      if (!(request instanceof http.ClientRequest) || !isRequestOptions(given)) return pass()
      if (!isNodeAgent(agent) || isOwnAgent(agent)) return pass()
      if (isOwnConnection()) {
        decided.add(request)
        return pass()
      }
      const options = withPortOfHost(given)
      if (!decisions.concerns(options.host)) return pass()
      const merged = { ...options, ...agent.options }
      decided.add(request)
      if (isPath(merged.socketPath)) return pass()
      const wanted = wantedBy(request, options)
      const decision = decisions.decide(wanted)
      if (decision.action === 'direct')
        return pass([request, decision.chosen ? { ...options, [CHOSEN]: true } : options])
      if (decision.action === 'proxy' && VoiceServers.isVoiceHost(wanted.host))
        request.once('socket', (socket) => voiceServers.watch(socket))
      lead(decision, request, merged)
      return undefined
    },
  )
}

/**
 * The last look at a request: an agent that is none of Node's (agent-base up to version 6), or a function that connects
 * for the request, has given it a socket that leads past the proxy.
 */
function guardForeignSockets(
  { hooks, decisions, origins }: HookContext,
  decided: WeakSet<ClientRequest>,
): void {
  const { prototype } = http.ClientRequest
  hooks.method('http.ClientRequest.prototype.onSocket', prototype, 'onSocket', (request, [socket], pass) => {
    if (!(request instanceof http.ClientRequest) || !(socket instanceof Duplex)) return pass()
    if (!decisions.concerns(request.host)) return pass()
    const known =
      decided.has(request) || origins.isCarried(socket) || isOwnAgent(Reflect.get(request, 'agent'))
    const wanted = wantedBy(request, { host: request.host, port: portOf(request) })
    if (known || decisions.decide(wanted).action === 'direct') return pass()
    // Nobody else listens to it: the request is told here.
    socket.on('error', () => undefined)
    socket.destroy()
    return pass([null, decisions.unroutable('foreign', wanted)])
  })
}

/**
 * Some write the port into the option `host`, as it stands in a URL. Node would look all of it up as a name; it would be
 * outside of the scope then, and the resolver of this host would be asked.
 */
function withPortOfHost(options: AgentRequestOptions): AgentRequestOptions {
  if (!options.host.includes(':')) return options
  const [, host, port] = /^([^:]+|\[[^\]]+\]):(\d{1,5})$/.exec(options.host) ?? []
  return host === undefined ? options : { ...options, host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** Node keeps the port of a request in its Host header alone. */
function portOf(request: ClientRequest): number {
  const host = request.getHeader('host')
  const port = typeof host === 'string' ? /:(\d+)$/.exec(host)?.[1] : undefined
  return port === undefined ? (request.protocol === 'https:' ? 443 : 80) : Number(port)
}

function isOwnAgent(agent: unknown): boolean {
  return typeof agent === 'object' && agent !== null && OWN_AGENT in agent
}

function lead(
  decision: Exclude<Decision, { action: 'direct' }>,
  request: ClientRequest,
  options: RequestOptions,
): void {
  if (decision.action === 'refuse') {
    failRequest(request, decision.error)
    return
  }
  decision.route.faces.agent.addRequest(request, options)
}

function wantedBy(request: ClientRequest, { host, port }: AgentRequestOptions): Wanted {
  const secure = request.protocol === 'https:'
  const upgrade = request.getHeader('upgrade')
  const webSocket = typeof upgrade === 'string' && upgrade.toLowerCase() === 'websocket'
  return {
    surface: webSocket ? 'websocket' : secure ? 'https' : 'http',
    host,
    port: Number(port),
    plain: !secure,
    url: () =>
      urlOf(request, webSocket ? (secure ? 'wss' : 'ws') : secure ? 'https' : 'http', host, Number(port)),
  }
}

function urlOf(request: ClientRequest, scheme: string, host: string, port: number): string {
  const authority = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const defaultPort = scheme === 'https' || scheme === 'wss' ? 443 : 80
  // A request in absolute form names another host than the one that it is sent to, and the latter counts.
  const path = request.path.startsWith('/') ? request.path : '/'
  return `${scheme}://${authority}${port === defaultPort ? '' : `:${port}`}${path}`
}

/** Ends a request that has no socket yet, as Node's own agent does where it gets none. */
function failRequest(request: ClientRequest, error: Error): void {
  const onSocket: unknown = Reflect.get(request, 'onSocket')
  if (typeof onSocket === 'function') Reflect.apply(onSocket, request, [null, error])
}

function isPath(socketPath: unknown): boolean {
  return typeof socketPath === 'string' && socketPath !== ''
}

function isRequestOptions(value: unknown): value is AgentRequestOptions {
  return typeof value === 'object' && value !== null && 'host' in value && typeof value.host === 'string'
}

function isNodeAgent(value: unknown): value is NodeAgent {
  return value instanceof http.Agent
}
