import http, { type AgentOptions, type ClientRequest, type RequestOptions } from 'node:http'
import { OWN_AGENT } from '../../agent/own-agent.js'
import type { Decision, Wanted } from '../decisions.js'
import type { AnyFunction } from '../hooks.js'
import { CHOSEN } from './chosen.js'
import type { HookContext } from './context.js'

/** The options of a request as Node hands them to an agent: the host is always set. */
interface AgentRequestOptions extends RequestOptions {
  readonly host: string
}

/** An agent of Node, with the fields that its types leave out. */
interface NodeAgent extends http.Agent {
  readonly options: AgentOptions
}

/** How a request is given to an agent. */
interface RequestTaker {
  addRequest(request: ClientRequest, options: RequestOptions): void
}

/**
 * node:http and node:https. Each request with an agent, whichever function made it and whenever that was imported,
 * is given to the agent by this one method. Requests without an agent are recognized where they connect: sockets.ts.
 */
export function hookHttp({ hooks, decisions }: HookContext): void {
  hooks.method('http.Agent.prototype.addRequest', http.Agent.prototype, 'addRequest', (original) => {
    const addRequest: AnyFunction = function (...values) {
      const [request, options] = values
      if (
        !(request instanceof http.ClientRequest) ||
        !isRequestOptions(options) ||
        !isNodeAgent(this) ||
        OWN_AGENT in this ||
        !decisions.concerns(options.host)
      )
        return Reflect.apply(original, this, values)
      const merged = { ...options, ...this.options }
      if (isPath(merged.socketPath)) return Reflect.apply(original, this, values)
      const decision = decisions.decide(wantedBy(request, options))
      if (decision.action === 'direct') {
        const passed = decision.chosen ? { ...options, [CHOSEN]: true } : options
        return Reflect.apply(original, this, [request, passed])
      }
      lead(decision, request, merged)
      return undefined
    }
    return addRequest
  })
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
  const { agent } = decision.route.faces
  if (!takesRequests(agent)) throw new TypeError('The agent of a transport takes requests')
  agent.addRequest(request, options)
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

function takesRequests(agent: http.Agent): agent is http.Agent & RequestTaker {
  return 'addRequest' in agent && typeof agent.addRequest === 'function'
}
