import { createDiscordTransport, TransportError, type DiscordTransport } from '../../../src/index.js'
import { labAuthority } from '../../lab/certificates.js'
import { startDiscord, type FakeDiscord } from '../../lab/discord/index.js'
import { LabNames } from '../../lab/names.js'
import { startProxy } from '../../lab/proxy/index.js'
import { seededRandom, startFaultyRelay, type RelayFault } from '../../lab/relay-faults.js'

export interface SoakOptions {
  /** Create Message calls. */
  readonly calls: number
  /** Chooses what breaks, and where. */
  readonly seed: number
  /** Calls under way at a time. */
  readonly concurrency: number
  /** Attempts of one call. */
  readonly attempts: number
  /** The share of connections that break. */
  readonly share: number
  /** How they break. A stall is only noticed where another attempt can follow. Default: in every way. */
  readonly faults?: readonly RelayFault[]
}

/** A handshake and about five messages: none of the breaking connections outlives its fate. */
const WITHIN_BYTES = 12_288

export interface SoakReport {
  readonly resolved: number
  /** Calls whose last attempt was answered with 502 or 503. */
  readonly unavailable: number
  /** Calls that were answered with 429. */
  readonly limited: number
  /** Rejected calls that say that nothing was sent. */
  readonly unsent: number
  /** Rejected calls that say that they may have been carried out. */
  readonly inDoubt: number
  /** Requests that reached Discord, the repeated ones included. */
  readonly requests: number
  readonly connections: number
  readonly broken: Readonly<Record<RelayFault, number>>
  /** What contradicts the promises; empty if they hold. */
  readonly violations: readonly string[]
}

type Verdict = 'resolved' | 'unavailable' | 'limited' | 'unsent' | 'inDoubt'

type Outcome = { readonly id: string } | { readonly status: number } | { readonly error: unknown }

/**
 * Sends messages through a proxy behind a bad network that resets, closes or stalls connections at random
 * points, and compares what the callers were told with what Discord has.
 */
export async function runDeliverySoak({
  calls,
  seed,
  concurrency,
  attempts,
  share,
  faults,
}: SoakOptions): Promise<SoakReport> {
  const names = new LabNames()
  const ca = await labAuthority()
  await using discord = await startDiscord({ names, ca, http2: false, recordLimit: 100 })
  await using proxy = await startProxy({ scheme: 'http', names })
  await using relay = await startFaultyRelay({
    to: { host: '127.0.0.1', port: proxy.port },
    seed,
    share,
    withinBytes: WITHIN_BYTES,
    ...(faults && { faults }),
  })
  const transport = createDiscordTransport({
    proxy: `http://127.0.0.1:${relay.port}`,
    env: {},
    tls: { ca: discord.ca },
    // All attempts of a call of which nothing was sent share this time, and so does its wait in the queue.
    connectTimeoutMs: 3_000,
    delivery: { attempts, budgetMs: 30_000, minDelayMs: 1, maxDelayMs: 20, answerTimeoutMs: 500 },
  })
  troubleEdge(discord, seed + 1)
  const outcomes: Outcome[] = []
  const violations: string[] = []
  const onRejection = (reason: unknown): void => void violations.push(`unhandled: ${String(reason)}`)
  process.on('unhandledRejection', onRejection)

  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < calls; index = next++)
      outcomes[index] = await send(transport, discord, index)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  await transport.close()
  // What the broken connections still carried arrives before they close.
  await until(() => relay.openCount + proxy.openCount + discord.connections().length === 0)
  process.off('unhandledRejection', onRejection)

  const open = relay.openCount + proxy.openCount + discord.connections().length
  if (open > 0) violations.push(`${open} connections are still open`)
  return {
    ...countVerdicts(discord, outcomes, calls, violations),
    requests: discord.rest.requestCount,
    connections: relay.accepted,
    broken: { ...relay.broken },
    violations,
  }
}

/**
 * Discord's edge: it closes a connection after some answers, so that there are many; now and then it is down, with the
 * message created or not, or it limits the rate, and then the message is never created.
 */
function troubleEdge({ rest }: FakeDiscord, seed: number): void {
  const random = seededRandom(seed)
  rest.intercept('POST /channels/:id/messages', () => {
    const luck = random()
    if (luck < 0.1) return { apply: true, headers: { connection: 'close' } }
    if (luck < 0.11) return { apply: true, status: 502 }
    if (luck < 0.12) return { status: 503 }
    return luck < 0.15 ? { status: 429, headers: { 'retry-after': '0.01' } } : undefined
  })
}

/** Compares what each call was told with the messages that Discord has. Adds to `violations`. */
function countVerdicts(
  { messages, channelId }: FakeDiscord,
  outcomes: readonly Outcome[],
  calls: number,
  violations: string[],
): Record<Verdict, number> {
  const stored = new Map<string, string[]>()
  for (const { content, id } of messages.in(channelId))
    stored.set(content, [...(stored.get(content) ?? []), id])
  const count: Record<Verdict, number> = { resolved: 0, unavailable: 0, limited: 0, unsent: 0, inDoubt: 0 }
  for (let index = 0; index < calls; index += 1) {
    const verdict = judge(outcomes[index], stored.get(contentOf(index)) ?? [])
    if (typeof verdict === 'string') count[verdict] += 1
    else violations.push(`call ${index}: ${verdict.violation}`)
  }
  return count
}

async function send(transport: DiscordTransport, discord: FakeDiscord, index: number): Promise<Outcome> {
  const url = `https://discord.com/api/v10/channels/${discord.channelId}/messages`
  const headers = { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' }
  try {
    const body = JSON.stringify({ content: contentOf(index), flags: 0 })
    const response = await transport.fetch(url, { method: 'POST', headers, body })
    if (response.status !== 200) return { status: response.status }
    return { id: idOf(await response.json()) }
  } catch (error) {
    return { error }
  }
}

function contentOf(index: number): string {
  return `message ${index}`
}

function idOf(message: unknown): string {
  if (typeof message === 'object' && message !== null && 'id' in message && typeof message.id === 'string')
    return message.id
  throw new Error('the answer is not a message')
}

/** What became of one call; or in what it contradicts the promises. */
function judge(
  outcome: Outcome | undefined,
  ids: readonly string[],
): Verdict | { readonly violation: string } {
  if (outcome === undefined) return { violation: 'it never ended' }
  if (ids.length > 1) return { violation: `its message exists ${ids.length} times` }
  if ('id' in outcome) {
    return ids[0] === outcome.id ? 'resolved' : { violation: 'it was resolved, and its message is not there' }
  }
  if ('status' in outcome) {
    if (outcome.status === 429)
      return ids.length === 0 ? 'limited' : { violation: 'it was answered with 429, and its message exists' }
    const expected = outcome.status === 502 || outcome.status === 503
    return expected ? 'unavailable' : { violation: `it was answered with ${outcome.status}` }
  }
  const { error } = outcome
  if (!(error instanceof TransportError)) return { violation: `it was rejected with ${String(error)}` }
  if (error.sent === 'no') {
    return ids.length === 0
      ? 'unsent'
      : { violation: 'it says that nothing was sent, and its message exists' }
  }
  const says = !error.retryable && error.hint.includes('may have been carried out')
  return says ? 'inDoubt' : { violation: `it does not say that it may exist: ${error.message} ${error.hint}` }
}

async function until(condition: () => boolean, deadlineMs = 5_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve))
}
