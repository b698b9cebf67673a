import { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { NEVER_STARTED } from '../../dispatcher/never-started.js'
import type { Decision, Wanted } from '../decisions.js'
import type { Surface } from '../surface.js'
import type { HookContext } from './context.js'
import { VoiceServers } from './voice-servers.js'

type Handler = Dispatcher.DispatchHandler
type Options = Dispatcher.DispatchOptions

/** What undici needs of a dispatcher. */
export interface Carrier {
  dispatch(options: Options, handler: Handler): boolean
}

/**
 * A dispatcher that asks the decisions about each request.
 *
 * @param previous takes what is not in scope; undefined where there was none
 */
export function createCarrier(
  surface: Surface,
  previous: Dispatcher | undefined,
  { decisions, routes, voiceServers }: HookContext,
): Carrier {
  const passOn = (options: Options, handler: Handler): boolean =>
    (previous ?? routes.main.faces.direct).dispatch(options, handler)
  const dispatch = (options: Options, handler: Handler): boolean => {
    const wanted = wantedBy(options, surface)
    if (wanted === undefined || !decisions.concerns(wanted.host)) return passOn(options, handler)
    const decision = decisions.decide(wanted)
    if (decision.action === 'direct' && !decision.chosen) return passOn(options, handler)
    const watched = decision.action === 'proxy' && VoiceServers.isVoiceHost(wanted.host)
    return lead(decision, options, watched ? watchUpgrade(handler, voiceServers) : handler)
  }
  return standIn(previous, dispatch, () => routes.main.faces.direct)

  function lead(decision: Decision, options: Options, handler: Handler): boolean {
    switch (decision.action) {
      case 'proxy':
        return decision.route.faces.dispatcher.dispatch(options, handler)
      case 'direct':
        return routes.main.faces.direct.dispatch(options, handler)
      case 'refuse':
        queueMicrotask(() => fail(handler, decision.error))
        return true
    }
  }
}

/** They end the dispatcher itself; all others only call `dispatch`. */
const ENDS: ReadonlySet<PropertyKey> = new Set(['close', 'destroy'])

/**
 * Looks like another dispatcher, with a `dispatch` of its own: code that composes interceptors, or calls its `request`,
 * works as before and comes by here.
 *
 * @param make makes one where there is none, when a member of it is wanted
 */
function standIn(
  previous: Dispatcher | undefined,
  dispatch: Carrier['dispatch'],
  make: () => Dispatcher,
): Carrier {
  return new Proxy<Carrier>(previous ?? { dispatch }, {
    get: (target, key) => {
      if (key === 'dispatch') return dispatch
      const known = previous !== undefined || Reflect.has(target, key) || !MEMBERS.has(key)
      const dispatcher: object = known ? target : make()
      // Getters read private members, which only the dispatcher itself has.
      const value: unknown = Reflect.get(dispatcher, key)
      return typeof value === 'function' && ENDS.has(key) ? (value.bind(dispatcher) as unknown) : value
    },
  })
}

/** The members of a dispatcher that its users call. */
const MEMBERS: ReadonlySet<PropertyKey> = new Set([
  ...ENDS,
  'request',
  'stream',
  'pipeline',
  'connect',
  'upgrade',
  'compose',
  'on',
  'once',
  'off',
])

/** Undefined for options that the dispatcher itself must refuse. */
function wantedBy({ origin, path, upgrade }: Options, surface: Surface): Wanted | undefined {
  const parsed = /^(https?|wss?):\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?/i.exec(String(origin))
  if (parsed === null) return undefined
  const [text, scheme = '', host = '', port] = parsed
  const secure = scheme.toLowerCase().endsWith('s')
  const webSocket = String(upgrade).toLowerCase() === 'websocket'
  return {
    surface: webSocket ? 'websocket' : surface,
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port: port === undefined ? (secure ? 443 : 80) : Number(port),
    plain: !secure,
    url: () => `${webSocket ? text.replace(/^http/i, 'ws') : text}${path.startsWith('/') ? path : '/'}`,
  }
}

/** The same handler; a socket that it is given is watched. */
function watchUpgrade(handler: Handler, voiceServers: VoiceServers): Handler {
  return new Proxy(handler, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function' || (key !== 'onUpgrade' && key !== 'onRequestUpgrade')) return value
      return (...values: unknown[]): unknown => {
        const socket = values.at(-1)
        if (socket instanceof Duplex) voiceServers.watch(socket)
        return Reflect.apply(value, target, values)
      }
    },
  })
}

/** Ends a request that no dispatcher has begun, by either of undici's handler interfaces. */
function fail(handler: Handler, error: Error): void {
  if (handler.onRequestStart !== undefined) handler.onResponseError?.(NEVER_STARTED, error)
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- undici's own fetch and request have no newer handler
  else handler.onError?.(error)
}
