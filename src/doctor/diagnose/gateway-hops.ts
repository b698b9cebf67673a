import type { IncomingMessage } from 'node:http'
import * as z from 'zod'
import { parseJson } from '../../config/json.js'
import type { TunnelAgent } from '../../agent/agent.js'
import { sanitizeForeignText } from '../../config/index.js'
import { GATEWAY_HOST } from '../../discord/hosts.js'
import { identifyPayload } from '../../discord/identify.js'
import { Opcode } from '../../discord/opcodes.js'
import { TransportError } from '../../errors.js'
import { TransportWebSocket } from '../../gateway/index.js'
import { say, text } from '../../messages/index.js'
import { DiscordFailure, refusedWith, strangeAnswer, tokenRefused } from './discord-failure.js'
import { silence, type DiscordQuestions } from './discord-hops.js'
import type { SessionStarts } from './token-hops.js'

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
    // With a listener, ws leaves an answer without an upgrade to it.
    this.#socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      this.#finish(notUpgraded(response))
      this.#socket.terminate()
    })
    this.#socket.on('error', (error) => {
      // An error of ws itself is a frame that it cannot read.
      this.#finish(error instanceof TransportError ? error : strangeAnswer(text('doctor.gateway.frame')))
    })
    this.#socket.on('close', (code, reason) => this.#finish(closed(code, reason.toString())))
  }

  /** The hop up to HELLO. */
  hello(): Promise<true | undefined> {
    return this.#questions.log.run('gateway', async () => {
      const { op } = await this.#next()
      if (op !== Opcode.Hello) throw strangeAnswer(text('doctor.gateway.no-hello'))
      return { value: true, detail: null }
    })
  }

  /** The hop from IDENTIFY to READY: uses one of the day's session starts, and ends the session at once. */
  ready(token: string, { shards }: SessionStarts, intents: number): Promise<true | undefined> {
    return this.#questions.log.run('ready', async () => {
      this.#socket.send(identifyPayload({ token, intents, shard: [0, Math.max(shards, 1)] }))
      for (;;) {
        const { op, t } = await this.#next()
        if (op === Opcode.Dispatch && t === 'READY')
          return { value: true, detail: say('doctor.detail.session-ended') }
        if (op === Opcode.InvalidSession) throw invalidSession()
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
    const abort = (): void => this.#finish(signal.reason as Error)
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
    const payload = this.#received.shift()
    if (payload === undefined) throw this.#end ?? silence(this.#questions.route, GATEWAY_HOST, timeoutMs)
    const { data, success } = payloadSchema.safeParse(parseJson(payload))
    if (!success) throw strangeAnswer(text('doctor.gateway.payload'))
    return data
  }

  /** The first reason counts: what follows is its consequence. */
  #finish(reason: Error): void {
    this.#end ??= reason
    this.#wake()
  }
}

/** How long the other side may take to answer a close frame. */
const CLOSE_TIMEOUT_MS = 500

function textOf(data: unknown): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : ''
}

/** An HTTP answer in the place of the WebSocket: 200 is a page, every other status a refusal. */
function notUpgraded({ statusCode = 0, headers }: IncomingMessage): DiscordFailure {
  const what = say('doctor.gateway.upgrade')
  if (statusCode >= 300) return refusedWith(statusCode, what)
  const contentType = headers['content-type'] ?? ''
  return strangeAnswer(text('doctor.answered', { what, status: statusCode }), { contentType, body: NO_BODY })
}

const NO_BODY = Buffer.alloc(0)

function invalidSession(): DiscordFailure {
  return new DiscordFailure(
    'ERR_DISCORD_CLOSED',
    text('doctor.invalid-session'),
    text('doctor.invalid-session.hint'),
  )
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function closed(code: number, reason: string): DiscordFailure {
  if (code === 4004) return tokenRefused('close code 4004')
  const words = sanitizeForeignText(reason, 80)
  const said = `${code}${words === '' ? '' : ` (${words})`}`
  // 4013 and 4014: the intents do not exist, or are not switched on for this application.
  if (code === 4013 || code === 4014) {
    const hint = code === 4013 ? text('doctor.intents.invalid.hint') : text('doctor.intents.disallowed.hint')
    return new DiscordFailure('ERR_DISCORD_INTENTS', text('doctor.closed.by-discord', { said }), hint)
  }
  if (code >= 4000 && code <= 4999) {
    const message = text('doctor.closed.by-discord', { said })
    return new DiscordFailure('ERR_DISCORD_CLOSED', message, text('doctor.closed.by-discord.hint'))
  }
  const hint = code === 1006 ? text('doctor.closed.1006.hint') : text('doctor.closed.hint')
  return new DiscordFailure('ERR_DISCORD_CLOSED', text('doctor.closed', { said }), hint)
}
