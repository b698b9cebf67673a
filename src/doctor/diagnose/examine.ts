import { TunnelAgent } from '../../agent/agent.js'
import {
  withOptions,
  type ResolvedOptions,
  type RouteDecision,
  type TransportEvent,
} from '../../config/index.js'
import { TunnelDispatcher } from '../../dispatcher/dispatcher.js'
import { text } from '../../messages/index.js'
import { createFetch } from '../../rest/index.js'
import { Route } from '../../tunnel/index.js'
import type { DiagnosedConfiguration } from './configuration.js'
import type { TokenQuestions } from './diagnose-options.js'
import { askCdn, askGateway, type DiscordQuestions } from './discord-hops.js'
import { findFix, type Fix } from './fix.js'
import { GatewayProbe } from './gateway-hops.js'
import type { HopLog } from './hop-log.js'
import { MESSAGE_HOPS, type HopId } from './hops.js'
import { connectToHosts } from './host-hops.js'
import { MessageProbe, type MessageTest } from './message-hops.js'
import { openRoute, routeHops, TARGET, TARGET_AUTHORITY } from './route-hops.js'
import { askGatewayBot, askIdentity, askIntents } from './token-hops.js'

/** The part of all the time that the route may take: the rest is for Discord, or for finding the reason. */
const ROUTE_SHARE = 5 / 7

/** A probe of what the port speaks gets an answer at once or never. */
const PROBE_TIMEOUT_MS = 2_000

/** Tunnel deadlines fire this much earlier than the question that waits, so that the error names the hop. */
const BLAME_MARGIN_MS = 100

/** The deletion of test messages has time of its own, so that a failure at the deadline is cleaned up too. */
const CLEAN_UP_MS = 3_000
const CLEAN_UP_SHARE = 1 / 4

export interface ExaminationSettings {
  readonly log: HopLog
  /** Milliseconds for everything, counted from the creation of `log`. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Undefined without a token. */
  readonly asked: TokenQuestions | undefined
  readonly allHosts: boolean
}

/** What was found beside the hops. */
export interface Examination {
  /** Where discord.com really went: a PAC script decides that itself. */
  readonly decision: RouteDecision
  readonly fix: Fix | null
}

/** The hops that an examination begins with; a PAC script adds those of the proxy that it names. */
export function plannedHops(
  { policy, options }: DiagnosedConfiguration,
  settings: Pick<ExaminationSettings, 'asked' | 'allHosts'>,
): readonly HopId[] {
  return [...routeHops(policy, options), ...hopsBehindRoute(settings)]
}

export function hopsBehindRoute({
  asked,
  allHosts,
}: Pick<ExaminationSettings, 'asked' | 'allHosts'>): readonly HopId[] {
  const hops: HopId[] = ['rest', 'gateway', 'cdn']
  if (allHosts) hops.push('hosts')
  if (asked === undefined) return hops
  hops.push('identity', 'intents', 'gateway-bot')
  if (asked.identify) hops.push('ready')
  if (asked.messages !== undefined) hops.push(...MESSAGE_HOPS)
  return hops
}

/** Tries every hop of one configuration, over connections of its own. */
export async function examine(
  { policy, options }: DiagnosedConfiguration,
  settings: ExaminationSettings,
): Promise<Examination> {
  const { log, timeoutMs, signal } = settings
  let decision = policy.decide(TARGET.host, TARGET.port)
  const onEvent = (event: TransportEvent): void => {
    if (event.type === 'direct' && event.target === TARGET_AUTHORITY)
      decision = { route: 'direct', reason: event.reason }
    options.onEvent?.(event)
  }
  const watched = withOptions(options, { onEvent })
  const route = new Route(policy, watched)
  const remainingMs = (): number => Math.max(1, Math.round(timeoutMs - log.now))
  let fix: Fix | null = null
  try {
    const limits = {
      timeoutMs: Math.min(options.connectTimeoutMs, Math.round(timeoutMs * ROUTE_SHARE)),
      remainingMs,
      signal,
    }
    const outcome = await openRoute(route, log, limits)
    if (outcome.ok) {
      const connectTimeoutMs = Math.max(1, remainingMs() - BLAME_MARGIN_MS)
      // Otherwise left as it is: with other options, the route loads a PAC script again.
      if (connectTimeoutMs < options.connectTimeoutMs)
        route.use(policy, withOptions(watched, { connectTimeoutMs }))
      await askDiscord({ route, log, remainingMs, signal }, options, settings)
    } else {
      const probe = AbortSignal.timeout(Math.min(PROBE_TIMEOUT_MS, remainingMs()))
      const limit = AbortSignal.any([signal, probe])
      fix = await findFix({ ...outcome, policy, options, target: TARGET, audience: log.audience, limit })
    }
    signal.throwIfAborted()
  } finally {
    await route.close()
  }
  return { decision, fix }
}

/** All at once: each of them shows by itself what its part of a bot would meet. */
async function askDiscord(
  asking: Omit<DiscordQuestions, 'fetch'>,
  { maxTunnels, keepAliveMs }: ResolvedOptions,
  { asked, allHosts }: ExaminationSettings,
): Promise<void> {
  const dispatcher = new TunnelDispatcher(asking.route, { maxTunnels, keepAliveMs })
  const agent = new TunnelAgent(asking.route, 0)
  const questions = { ...asking, fetch: createFetch(dispatcher) }
  const gateway = new GatewayProbe(questions, agent)
  try {
    const hello = gateway.hello()
    await Promise.all([
      askGateway(questions),
      askCdn(questions),
      hello,
      asked === undefined ? undefined : askAsBot(questions, asked, gateway, hello),
    ])
    if (allHosts) await connectToHosts(questions)
  } finally {
    await gateway.close()
    agent.destroy()
    await dispatcher.destroy()
  }
}

async function askAsBot(
  questions: DiscordQuestions,
  { token, identify, intents, messages }: TokenQuestions,
  gateway: GatewayProbe,
  hello: Promise<true | undefined>,
): Promise<void> {
  const botId = await askIdentity(questions, token)
  if (botId === undefined) return
  const allowed = await askIntents(questions, token, intents)
  const starts = await askGatewayBot(questions, token)
  if (identify && starts !== undefined && (await hello) !== undefined) {
    if (allowed === undefined) questions.log.skip('ready', text('doctor.skipped.intents'))
    else if (starts.remaining > 0) await gateway.ready(token, starts, intents)
    else questions.log.skip('ready', text('doctor.skipped.no-start'))
  }
  if (messages !== undefined) await tryMessages(questions, { token, botId, ...messages })
}

function tryMessages(questions: DiscordQuestions, test: MessageTest): Promise<void> {
  const { remainingMs } = questions
  const reservedMs = Math.min(CLEAN_UP_MS, Math.round(remainingMs() * CLEAN_UP_SHARE))
  const shorter = { ...questions, remainingMs: () => Math.max(1, remainingMs() - reservedMs) }
  const cleanUp = {
    ...questions,
    remainingMs: () => Math.max(reservedMs, remainingMs()),
    signal: new AbortController().signal,
  }
  return new MessageProbe(shorter, test).run(cleanUp)
}
