import {
  describeProxy,
  type Environment,
  type ResolvedOptions,
  type RoutePolicy,
} from '../../config/index.js'
import type { TransportError } from '../../errors.js'
import { createFetch } from '../../rest/index.js'
import { TunnelAgent } from '../../agent/agent.js'
import { TunnelDispatcher } from '../../dispatcher/dispatcher.js'
import { Route } from '../../tunnel/index.js'
import { configurationNotes, type ConfigurationNote, type NoteCode } from './configuration-notes.js'
import { isInContainer } from './container.js'
import type { Diagnosis } from './diagnosis.js'
import { DISCORD_TARGETS } from '../../discord/hosts.js'
import { askCdn, askGateway, askGatewayBot, askIdentity, type DiscordQuestions } from './discord-hops.js'
import { findFix, type Fix } from './fix.js'
import { GatewayProbe } from './gateway-hops.js'
import { HopLog, hopFailure, NO_TIME, type HopProgress } from './hop-log.js'
import type { DiagnosedHop, HopId } from './hops.js'
import { openRoute, routeHops, TARGET, TARGET_AUTHORITY } from './route-hops.js'
import { checkTimeoutMs } from '../time-limit.js'

export interface DiagnoseOptions {
  /** The bot's token, for the hops that need one. READY uses one of the day's session starts. */
  readonly token?: string | undefined
  /** Whether a token is identified with too, up to READY. Default: true. */
  readonly identify?: boolean | undefined
  /** Milliseconds for everything, from 1 to 600 000. Default: 14 000. */
  readonly timeoutMs?: number | undefined
  /** Ends the diagnosis early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Told when a hop begins and when it has ended. What it throws ends the diagnosis as `signal` does. */
  readonly onProgress?: ((progress: HopProgress) => void) | undefined
  /** Whether this is a container. Default: found out. */
  readonly inContainer?: boolean | undefined
}

/** The configuration that is looked at. */
export interface DiagnosedConfiguration {
  readonly policy: RoutePolicy
  readonly options: ResolvedOptions
}

const DEFAULT_TIMEOUT_MS = 14_000

/** Of all the time, what the route may take: the rest is for finding out why it failed, or for Discord. */
const ROUTE_SHARE = 5 / 7

/** A probe of what the port speaks gets an answer at once or never. */
const PROBE_TIMEOUT_MS = 2_000

/** A tunnel that hangs ends so much before the question that waits for it: it knows better who is to blame. */
const BLAME_MARGIN_MS = 100

/**
 * Tries every hop, over connections of its own, and says which one fails and why.
 *
 * @throws TransportError ERR_PROXY_CONFIG for a `timeoutMs` that is none
 */
export async function diagnose(
  { policy, options }: DiagnosedConfiguration,
  diagnoseOptions: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, onProgress, inContainer } = diagnoseOptions
  checkTimeoutMs(timeoutMs)
  const thrown = new AbortController()
  const signal = AbortSignal.any([diagnoseOptions.signal ?? NEVER, thrown.signal])
  signal.throwIfAborted()
  const log = new HopLog(TARGET_AUTHORITY, (progress) => {
    try {
      onProgress?.(progress)
    } catch (error) {
      // Called from within a step of the route, which would take it for a failure of its own.
      thrown.abort(error)
    }
  })
  log.plan(['config', ...routeHops(policy, options), ...DISCORD_HOPS, ...tokenHops(diagnoseOptions)])
  log.pass('config', NO_TIME, policy.source === null ? 'no proxy' : `proxy from ${sourceName(policy.source)}`)
  const remainingMs = (): number => Math.max(1, Math.round(timeoutMs - log.now))
  const route = new Route(policy, options)
  const startedAt = new Date().toISOString()
  let fix: Fix | null = null
  try {
    const limits = {
      timeoutMs: Math.min(options.connectTimeoutMs, Math.round(timeoutMs * ROUTE_SHARE)),
      remainingMs,
      signal,
    }
    const outcome = await openRoute(route, log, limits)
    if (outcome.ok) {
      const tunnelMs = Math.max(1, Math.min(options.connectTimeoutMs, remainingMs() - BLAME_MARGIN_MS))
      route.use(policy, { ...options, connectTimeoutMs: tunnelMs })
      await askDiscord({ route, log, remainingMs, signal }, options, diagnoseOptions)
    } else {
      const probe = AbortSignal.timeout(Math.min(PROBE_TIMEOUT_MS, remainingMs()))
      const limit = AbortSignal.any([signal, probe])
      fix = await findFix({ ...outcome, policy, options, target: TARGET, limit })
    }
    signal.throwIfAborted()
  } finally {
    await route.close()
  }
  const decision = policy.decide(TARGET.host, TARGET.port)
  return {
    schemaVersion: 1,
    ok: log.hops.every(({ status }) => status === 'ok'),
    startedAt,
    ms: Math.round(log.now),
    proxy: describeProxy(policy),
    route: decision.route,
    reason: decision.reason,
    notes: notesOf({ policy, options }, inContainer).filter(({ code }) => !isRefuted(code, log.hops)),
    hops: log.hops,
    fix,
  }
}

/** The diagnosis of a configuration that no transport can be created from. */
export function diagnoseConfiguration(
  error: TransportError,
  env: Environment,
  options: DiagnoseOptions = {},
): Diagnosis {
  const { inContainer = isInContainer() } = options
  const log = new HopLog(TARGET_AUTHORITY)
  log.plan(['tunnel', 'target-tls', ...DISCORD_HOPS, ...tokenHops(options)])
  log.fail('config', NO_TIME, hopFailure(error))
  return {
    schemaVersion: 1,
    ok: false,
    startedAt: new Date().toISOString(),
    ms: Math.round(log.now),
    proxy: null,
    route: null,
    reason: error.message,
    notes: configurationNotes({ env, policy: null, noProxy: 'env', inContainer, targets: DISCORD_TARGETS }),
    hops: log.hops,
    fix: null,
  }
}

const DISCORD_HOPS: readonly HopId[] = ['rest', 'gateway', 'cdn']
const NEVER = new AbortController().signal

function tokenHops({ token, identify = true }: DiagnoseOptions): readonly HopId[] {
  if (token === undefined) return []
  return identify ? ['identity', 'gateway-bot', 'ready'] : ['identity', 'gateway-bot']
}

function sourceName(source: string): string {
  return source === 'config' ? 'the proxy option' : source
}

function notesOf(
  { policy, options }: DiagnosedConfiguration,
  inContainer = isInContainer(),
): readonly ConfigurationNote[] {
  const { env, noProxy } = options
  return configurationNotes({ env, policy, noProxy, inContainer, targets: DISCORD_TARGETS })
}

/** Whoever listens on loopback and answers is where the configuration says. */
function isRefuted(code: NoteCode, hops: readonly DiagnosedHop[]): boolean {
  return (
    code === 'loopback-in-container' &&
    hops.some(({ id, status }) => id === 'proxy-connect' && status === 'ok')
  )
}

/** All at once: each of them shows by itself what its part of a bot would meet. */
async function askDiscord(
  asked: Omit<DiscordQuestions, 'fetch'>,
  options: ResolvedOptions,
  { token, identify = true }: DiagnoseOptions,
): Promise<void> {
  const { maxTunnels, keepAliveMs } = options
  const dispatcher = new TunnelDispatcher(asked.route, { maxTunnels, keepAliveMs })
  const agent = new TunnelAgent(asked.route, 0)
  const questions = { ...asked, fetch: createFetch(dispatcher) }
  const gateway = new GatewayProbe(questions, agent)
  const askWithToken = async (bot: string, hello: Promise<true | undefined>): Promise<void> => {
    if ((await askIdentity(questions, bot)) === undefined) return
    const starts = await askGatewayBot(questions, bot)
    if (!identify || starts === undefined || (await hello) === undefined) return
    if (starts.remaining > 0) await gateway.ready(bot, starts)
    else questions.log.skip('ready', 'no session start is left today')
  }
  try {
    const hello = gateway.hello()
    await Promise.all([
      askGateway(questions),
      askCdn(questions),
      hello,
      token === undefined ? undefined : askWithToken(token, hello),
    ])
  } finally {
    await gateway.close()
    agent.destroy()
    await dispatcher.destroy()
  }
}
