import * as z from 'zod'
import { parseJson } from '../../config/json.js'
import { API_URL } from '../../discord/gateway-bot.js'
import { CDN_HOST } from '../../discord/hosts.js'
import { TransportError } from '../../errors.js'
import { say, text } from '../../messages/index.js'
import type { FetchInit, TransportFetch } from '../../rest/index.js'
import { timeoutError, type Route } from '../../tunnel/index.js'
import { isPage, refusedWith, strangeAnswer, type DiscordAnswer } from './discord-failure.js'
import type { HopLog } from './hop-log.js'

/** The default avatar. It is always there. */
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

/** https://discord.com/developers/docs/events/gateway#get-gateway */
export function askGateway(questions: DiscordQuestions): Promise<unknown> {
  return questions.log.run('rest', async () => {
    const value = await getJson(questions, '/gateway', gatewaySchema)
    return { value, detail: '200' }
  })
}

export function askCdn(questions: DiscordQuestions): Promise<unknown> {
  return questions.log.run('cdn', async () => {
    const answer = await ask(questions, CDN_FILE)
    const { status, body } = answer
    // The file itself does not matter: an answer of the CDN proves the route to it.
    if (status !== 200 && status !== 404) throw refusedWith(status, CDN_HOST)
    if (isPage(answer)) throw strangeAnswer(text('doctor.not-discord', { what: CDN_HOST }), answer)
    return { value: undefined, detail: say('doctor.detail.file', { status, bytes: body.length }) }
  })
}

/** Asks the API for JSON of this shape, with the bot's token where one is given. */
export async function getJson<Schema extends z.ZodType>(
  questions: DiscordQuestions,
  path: string,
  schema: Schema,
  token?: string,
): Promise<z.output<Schema>> {
  const answer = await askApi(questions, path, { token })
  if (answer.status !== 200) throw refusedWith(answer.status, apiName(path))
  return readJson(answer, schema, path)
}

/** @throws DiscordFailure where the answer has another shape */
export function readJson<Schema extends z.ZodType>(
  answer: DiscordAnswer,
  schema: Schema,
  path: string,
): z.output<Schema> {
  const { data, success } = schema.safeParse(parseJson(answer.body.toString('utf8')))
  if (!success) throw strangeAnswer(text('doctor.not-discord', { what: apiName(path) }), answer)
  return data
}

/** `discord.com/api/v10/gateway`: a question of the API as messages name it. */
export function apiName(path: string): string {
  return `${API_URL.slice('https://'.length)}${path}`
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly token?: string | undefined
  /** Sent as JSON. */
  readonly json?: unknown
  readonly form?: FormData
}

export function askApi(
  questions: DiscordQuestions,
  path: string,
  { method = 'GET', token, json, form }: ApiRequest = {},
): Promise<DiscordAnswer> {
  return ask(questions, `${API_URL}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bot ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(form === undefined ? {} : { body: form }),
  })
}

/** One request and its whole answer, whatever its status, within the time that is left. */
export async function ask(
  { route, fetch, remainingMs, signal }: DiscordQuestions,
  url: string,
  init: FetchInit = {},
): Promise<DiscordAnswer> {
  const timeoutMs = remainingMs()
  const timeout = AbortSignal.timeout(timeoutMs)
  const { hostname: host } = new URL(url)
  try {
    const response = await fetch(url, {
      ...init,
      // Discord redirects none of these: where one leads is not Discord's answer.
      redirect: 'manual',
      signal: AbortSignal.any([timeout, signal]),
    })
    const body = Buffer.from(await response.arrayBuffer())
    return { status: response.status, contentType: response.headers.get('content-type') ?? '', body }
  } catch (error) {
    if (error instanceof TransportError || signal.aborted) throw error
    if (timeout.aborted) throw silence(route, host, timeoutMs)
    throw strangeAnswer(text('doctor.not-discord', { what: host }))
  }
}

/** The failure of a question that got no answer, in whatever protocol. */
export function silence(route: Route, host: string, timeoutMs: number): Error {
  return timeoutError(route.via({ host, port: 443 }), 'exchange', timeoutMs)
}
