import { syncBuiltinESMExports } from 'node:module'
import { describeProxy } from '../config/resolve-proxy.js'
import { hookChildren } from './children/index.js'
import { Decisions, wantedAt } from './decisions.js'
import { hookEnvironment } from './environment.js'
import { Hooks } from './hooks.js'
import type { InstalledExplanation, Installation } from './installation.js'
import type { ResolvedInstallOptions } from './options.js'
import { claimProcess, existingInstallation, type Installer } from './registry.js'
import type { ProcessRoutes } from './route.js'
import type { Surface } from './surface.js'
import type { HookContext } from './surfaces/context.js'
import { hookBun } from './surfaces/bun.js'
import { hookHttp } from './surfaces/http.js'
import { hookServers } from './surfaces/servers.js'
import { SocketOrigins } from './surfaces/socket-origins.js'
import { hookSockets } from './surfaces/sockets.js'
import { hookUdp } from './surfaces/udp.js'
import { hookUndici } from './surfaces/undici.js'
import { VoiceServers } from './surfaces/voice-servers.js'

/** Each replaces the hooks of one surface. */
const SURFACES: readonly ((context: HookContext) => void)[] = [
  process.versions['bun'] === undefined ? hookUndici : hookBun,
  hookHttp,
  hookSockets,
  hookServers,
  hookUdp,
  hookChildren,
  hookEnvironment,
]

/**
 * Leads the connections of the whole process through a proxy, until `stop()`.
 *
 * @throws TransportError ERR_ALREADY_INSTALLED; ERR_INVALID_OPTIONS for `children` with what no variable can carry
 */
export function install(
  routes: ProcessRoutes,
  options: ResolvedInstallOptions,
  installer: Installer,
): Installation {
  const existing = existingInstallation(routes, options.scope)
  if (existing !== undefined) return existing
  const hooks = new Hooks()
  const decisions = new Decisions(options, routes)
  const undo: (() => void)[] = []
  const stop = (): void => {
    if (decisions.stopped) return
    decisions.stop()
    for (const step of undo.splice(0).reverse()) step()
    hooks.restore()
    syncBuiltinESMExports()
  }
  const context: HookContext = {
    options,
    routes,
    decisions,
    hooks,
    current: {},
    origins: new SocketOrigins(decisions),
    voiceServers: new VoiceServers(),
    onStop: (step) => undo.push(step),
  }
  try {
    for (const hook of SURFACES) hook(context)
  } catch (error) {
    stop()
    throw error
  }
  // Named imports of ES modules read node:http and the like through bindings of their own.
  syncBuiltinESMExports()
  const installation = Object.freeze({
    get active() {
      return !decisions.stopped && (routes.main.policy.proxy !== null || routes.plain !== null)
    },
    scope: options.scope,
    explain: (url, { surface } = {}) => explain(decisions, new URL(url), surface),
    bypass: (run) => decisions.bypass(run),
    replacedHooks: () => hooks.replaced(),
    stop,
    [Symbol.dispose]: stop,
  } satisfies Installation)
  undo.push(claimProcess(installer, routes, installation))
  return installation
}

/** What an installation with these options would decide. Nothing is installed: the process may have one already. */
export function explainInstallation(
  routes: ProcessRoutes,
  options: ResolvedInstallOptions,
  url: URL,
): InstalledExplanation {
  return explain(new Decisions(options, routes), url, undefined)
}

function explain(decisions: Decisions, url: URL, asked: Surface | undefined): InstalledExplanation {
  const { protocol } = url
  const surface = asked ?? SUGGESTED.get(protocol)
  if (surface === undefined)
    return { route: 'direct', reason: `no surface carries ${protocol} URLs`, surface: 'net', proxy: null }
  const decision = decisions.decide(wantedAt(url, surface))
  if (decision.action !== 'proxy') {
    const route = decision.action === 'refuse' ? 'refused' : 'direct'
    return { route, reason: decision.reason, surface, proxy: null }
  }
  return { route: 'proxy', reason: decision.reason, surface, proxy: describeProxy(decision.route.policy) }
}

/** Which surface the scheme of a URL suggests. */
const SUGGESTED: ReadonlyMap<string, Surface> = new Map([
  ['http:', 'http'],
  ['https:', 'https'],
  ['ws:', 'websocket'],
  ['wss:', 'websocket'],
  ['tcp:', 'net'],
  ['tls:', 'tls'],
])
