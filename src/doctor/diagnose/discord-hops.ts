import * as z from 'zod'
import { TransportError } from '../../errors.js'
import type { TransportFetch } from '../../rest/index.js'
import { timeoutError, type Route } from '../../tunnel/index.js'
import { refusedWith, strangeAnswer } from './discord-failure.js'
import { CDN_HOST, REST_HOST } from '../../discord/hosts.js'
import type { HopLog } from './hop-log.js'

const API = `https://${REST_HOST}/api/v10`

/** An avatar that everybody has who has none of their own. */
const CDN_FILE = `https://${CDN_HOST}/embed/avatars/0.png`

/** What the questions to Discord need. */
export interface DiscordQuestions {
  readonly route: Route
  readonly fetch: TransportFetch
  readonly log: HopLog
  /** Milliseconds that are left. */
  readonly remainingMs: () => number
  readonly signal: AbortSignal
}

const gatewaySchema = z.object({ url: z.string().startsWith('wss://') })
const userSchema = z.object({ id: z.string(), username: z.string() })
const gatewayBotSchema = z.object({
  url: z.string().startsWith('wss://'),
  shards: z.int(),
  session_start_limit: z.object({ total: z.int(), remaining: z.int(), max_concurrency: z.int() }),
})

/** https://discord.com/developers/docs/events/gateway#get-gateway */
export function askGateway(questions: DiscordQuestions): Promise<unknown> {
  return questions.log.run('rest', async () => {
    const { value, status } = await getJson(questions, '/gateway', gatewaySchema)
    return { value, detail: String(status) }
  })
}

export function askCdn(questions: DiscordQuestions): Promise<unknown> {
  return questions.log.run('cdn', async () => {
    const { status, body } = await get(questions, CDN_FILE)
    // The file itself does not matter: an answer of the CDN proves the route to it.
    if (status !== 200 && status !== 404) throw refusedWith(status, CDN_HOST)
    return { value: undefined, detail: `${status}, ${body.length} bytes` }
  })
}

/** https://discord.com/developers/docs/resources/user#get-current-user */
export function askIdentity(questions: DiscordQuestions, token: string): Promise<unknown> {
  return questions.log.run('identity', async () => {
    const { value } = await getJson(questions, '/users/@me', userSchema, token)
    return { value, detail: `bot ${value.id}` }
  })
}

/** What Discord says about connecting: how many shards, and how many identifies are left today. */
export interface SessionStarts {
  readonly shards: number
  readonly remaining: number
}

/** https://discord.com/developers/docs/events/gateway#get-gateway-bot */
export function askGatewayBot(
  questions: DiscordQuestions,
  token: string,
): Promise<SessionStarts | undefined> {
  return questions.log.run('gateway-bot', async () => {
    const { value } = await getJson(questions, '/gateway/bot', gatewayBotSchema, token)
    const { shards, session_start_limit: limit } = value
    return {
      value: { shards, remaining: limit.remaining },
      detail: `${shards} ${shards === 1 ? 'shard' : 'shards'}, ${limit.remaining} of ${limit.total} session starts left`,
    }
  })
}

async function getJson<Schema extends z.ZodType>(
  questions: DiscordQuestions,
  path: string,
  schema: Schema,
  token?: string,
): Promise<{ value: z.output<Schema>; status: number }> {
  const { status, body } = await get(questions, `${API}${path}`, token)
  if (status !== 200) throw refusedWith(status, `${REST_HOST}${new URL(API + path).pathname}`)
  const { data, success } = schema.safeParse(parse(body))
  if (!success) throw strangeAnswer(`The answer to GET ${path}`)
  return { value: data, status }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

async function get(
  { route, fetch, remainingMs, signal }: DiscordQuestions,
  url: string,
  token?: string,
): Promise<{ status: number; body: Buffer }> {
  const timeoutMs = remainingMs()
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      // Discord redirects none of these: where one leads is not Discord's answer.
      redirect: 'manual',
      signal: AbortSignal.any([timeout, signal]),
      headers: token === undefined ? {} : { authorization: `Bot ${token}` },
    })
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) }
  } catch (error) {
    if (error instanceof TransportError || signal.aborted) throw error
    const { hostname: host } = new URL(url)
    if (timeout.aborted) throw silence(route, host, timeoutMs)
    throw strangeAnswer(`The answer of ${host}`)
  }
}

/** The same words for whoever waits in another protocol. */
export function silence(route: Route, host: string, timeoutMs: number): Error {
  return timeoutError(route.hop({ host, port: 443 }), 'exchange', timeoutMs)
}
