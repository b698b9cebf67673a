import * as z from 'zod'
import { sanitizeForeignText } from '../../config/index.js'
import { TransportError } from '../../errors.js'
import { TransportWebSocket } from '../../gateway/index.js'
import type { TunnelAgent } from '../../agent/agent.js'
import { DiscordFailure, strangeAnswer, tokenRefused } from './discord-failure.js'
import { GATEWAY_HOST } from '../../discord/hosts.js'
import { silence, type DiscordQuestions, type SessionStarts } from './discord-hops.js'

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes */
const OP = { dispatch: 0, identify: 2, invalidSession: 9, hello: 10 } as const

const payloadSchema = z.object({ op: z.int(), t: z.string().nullish() })

/** One gateway connection, as far as a diagnosis goes. */
export class GatewayProbe {
  readonly #questions: DiscordQuestions
  readonly #socket: TransportWebSocket
  readonly #received: string[] = []
  #wake: () => void = () => undefined
  #end: Error | undefined

  constructor(questions: DiscordQuestions, agent: TunnelAgent) {
    this.#questions = questions
    this.#socket = new TransportWebSocket(
      `wss://${GATEWAY_HOST}/?v=10&encoding=json`,
      questions.route,
      agent,
      {},
    )
    this.#socket.on('message', (data, isBinary) => {
      if (!isBinary) this.#received.push(textOf(data))
      this.#wake()
    })
    this.#socket.on('error', (error) => {
      // What ws itself complains about is not a gateway's: a frame that cannot be read.
      this.#end ??=
        error instanceof TransportError ? error : strangeAnswer('What came over the gateway connection')
      this.#wake()
    })
    this.#socket.on('close', (code, reason) => {
      this.#end ??= closed(code, reason.toString())
      this.#wake()
    })
  }

  /** The hop up to HELLO. */
  hello(): Promise<true | undefined> {
    return this.#questions.log.run('gateway', async () => {
      const { op } = await this.#next()
      if (op !== OP.hello) throw strangeAnswer('The first payload of the gateway')
      return { value: true, detail: null }
    })
  }

  /** The hop from IDENTIFY to READY: uses one of the day's session starts, and ends the session at once. */
  ready(token: string, { shards }: SessionStarts): Promise<true | undefined> {
    return this.#questions.log.run('ready', async () => {
      this.#socket.send(JSON.stringify(identify(token, shards)))
      for (;;) {
        const { op, t } = await this.#next()
        if (op === OP.dispatch && t === 'READY') return { value: true, detail: 'session ended again' }
        if (op === OP.invalidSession) throw invalidSession()
      }
    })
  }

  /** Code 1000 ends the session too, so that the bot does not look online for the minutes after it. */
  async close(): Promise<void> {
    const { CLOSED, OPEN } = TransportWebSocket
    if (this.#socket.readyState === CLOSED) return
    const gone = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    if (this.#socket.readyState === OPEN) this.#socket.close(1000)
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
    if (this.#socket.readyState === TransportWebSocket.CONNECTING) this.#socket.terminate()
    await gone
    clearTimeout(timer)
  }

  /** The next payload, the end of the connection, or the deadline: whichever comes first. */
  async #next(): Promise<z.output<typeof payloadSchema>> {
    const timeoutMs = this.#questions.remainingMs()
    const { signal } = this.#questions
    let timer: NodeJS.Timeout | undefined
    const abort = (): void => {
      this.#end ??= signal.reason as Error
      this.#wake()
    }
    try {
      signal.addEventListener('abort', abort, { once: true })
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        timer = setTimeout(resolve, timeoutMs)
        if (this.#received.length > 0 || this.#end !== undefined || signal.aborted) resolve()
      })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
    const text = this.#received.shift()
    if (text === undefined) throw this.#end ?? silence(this.#questions.route, GATEWAY_HOST, timeoutMs)
    const { data, success } = payloadSchema.safeParse(parse(text))
    if (!success) throw strangeAnswer('A payload of the gateway')
    return data
  }
}

/** How long the other side may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 500

function textOf(data: unknown): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : ''
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** No intents: nothing of the bot's guilds is sent here. https://discord.com/developers/docs/events/gateway-events#identify */
function identify(token: string, shards: number): unknown {
  const properties = { os: process.platform, browser: 'discord-transport', device: 'discord-transport' }
  return { op: OP.identify, d: { token, intents: 0, shard: [0, Math.max(shards, 1)], properties } }
}

function invalidSession(): DiscordFailure {
  return new DiscordFailure(
    'ERR_DISCORD_CLOSED',
    'Discord answered IDENTIFY with an invalid session',
    'Another process may have identified within the last five seconds: try again.',
  )
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function closed(code: number, reason: string): Error {
  if (code === 4004) return tokenRefused('close code 4004')
  const words = sanitizeForeignText(reason, 80)
  const said = `${code}${words === '' ? '' : ` (${words})`}`
  if (code >= 4000 && code <= 4999) {
    return new DiscordFailure(
      'ERR_DISCORD_CLOSED',
      `Discord closed the gateway connection with ${said}`,
      'The route works; the code says what Discord did not like.',
    )
  }
  return new DiscordFailure(
    'ERR_DISCORD_CLOSED',
    `The gateway connection was closed with ${said}`,
    code === 1006
      ? '1006 is a connection that broke without a word, here behind the open tunnel: look for an idle limit or a WebSocket filter of the proxy.'
      : 'Something on the way may not let WebSockets through: look at what the proxy filters.',
  )
}
