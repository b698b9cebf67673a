import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { CertificateAuthority, IssuedCertificate } from '../certificates.js'
import type { LabNames } from '../names.js'
import { Cdn, CDN_HOST, MEDIA_HOST } from './cdn.js'
import type { OpenConnection } from './connections.js'
import { Gateway, GATEWAY_HOST } from './gateway.js'
import { Interactions } from './interactions.js'
import type { Message, MessageDraft } from './message.js'
import { MessageStore } from './messages.js'
import { applicationRoutes } from './rest-application.js'
import { commandRoutes } from './rest-commands.js'
import { interactionRoutes } from './rest-interactions.js'
import { messageRoutes } from './rest-messages.js'
import { Rest, REST_HOST } from './rest.js'
import { DiscordState, type User } from './state.js'

const MEBIBYTE = 1024 * 1024

export interface DiscordOptions {
  /** Where discord.com and its other names are entered; they lead nowhere else. */
  readonly names: LabNames
  /** Issues the servers' certificates. Default: the one for all labs. */
  readonly ca?: CertificateAuthority
  readonly token?: string
  /** Default 41 250, as Discord's. */
  readonly heartbeatIntervalMs?: number
  /** The host of READY's `resume_gateway_url`. */
  readonly resumeHost?: string
  /** Dispatches a session keeps for a resume. Default 250. */
  readonly replayLimit?: number
  /** Offer HTTP/2 at discord.com and the CDN. Default true. */
  readonly http2?: boolean
  /** A file above this is answered with 413. Default 500 MiB. */
  readonly maxFileBytes?: number
  /** Of a file up to this size the bytes are kept and served; of a larger one size and hash. Default 16 MiB. */
  readonly keepFileBytes?: number
  /** Requests that stay recorded, the newest ones. Default 10 000. */
  readonly recordLimit?: number
}

export interface SayOptions {
  /** Default: the guild's first channel. */
  readonly channelId?: string
  readonly attachments?: readonly {
    readonly filename: string
    readonly content: Buffer | string
    readonly contentType?: string
  }[]
  readonly reference?: MessageDraft['reference']
}

/** discord.com, its gateway and its CDN, as TLS servers on loopback. */
export class FakeDiscord implements AsyncDisposable {
  /** The authority's certificate, PEM: the value for `ca`. */
  readonly ca: string
  readonly token: string
  readonly state: DiscordState
  readonly rest: Rest
  readonly gateway: Gateway
  readonly cdn: Cdn
  readonly messages: MessageStore
  readonly interactions: Interactions
  readonly resumeHost: string
  readonly #names: LabNames
  readonly #registered: string[] = []

  constructor(
    options: DiscordOptions,
    ca: string,
    tls: Record<'rest' | 'gateway' | 'cdn', IssuedCertificate>,
  ) {
    const { heartbeatIntervalMs = 41_250, replayLimit = 250, maxFileBytes = 500 * MEBIBYTE } = options
    this.ca = ca
    this.#names = options.names
    this.resumeHost = options.resumeHost ?? DEFAULT_RESUME_HOST
    this.state = new DiscordState()
    this.token = options.token ?? tokenFor(this.state.applicationId)
    const http = {
      http2: options.http2 ?? true,
      recordLimit: options.recordLimit ?? 10_000,
      limits: { keepFileBytes: options.keepFileBytes ?? 16 * MEBIBYTE, keepRawBytes: MEBIBYTE },
    }
    const { state, token, resumeHost } = this
    this.cdn = new Cdn({ ...http, tls: tls.cdn })
    this.gateway = new Gateway({
      state,
      token,
      heartbeatIntervalMs,
      replayLimit,
      resumeHost,
      tls: tls.gateway,
    })
    this.messages = new MessageStore(state, this.gateway.publish)
    this.interactions = new Interactions(state, this.gateway.publish)
    const context = {
      state,
      cdn: this.cdn,
      maxFileBytes,
      messages: this.messages,
      interactions: this.interactions,
      publish: this.gateway.publish,
      gatewayUrl: `wss://${GATEWAY_HOST}`,
      sessionStarts: this.gateway.sessionStarts,
      rules: this.gateway.rules,
    }
    this.rest = new Rest({ ...http, tls: tls.rest }, token, [
      ...applicationRoutes(context),
      ...commandRoutes(state),
      ...messageRoutes(context),
      ...interactionRoutes(context),
    ])
  }

  /** The bot. */
  get user(): User {
    return this.state.bot
  }

  /** A member of the guild who is not the bot. */
  get human(): User {
    return this.state.human
  }

  get guildId(): string {
    return this.state.guildId
  }

  /** A text channel of the guild. */
  get channelId(): string {
    return this.state.channelId
  }

  /** The direct channel between the human and the bot. */
  get directChannelId(): string {
    return this.state.directChannelId
  }

  /** Someone writes a message: stored, and dispatched to the sessions that may see it. */
  sayAs(user: User, content: string, options: SayOptions = {}): Message {
    const { channelId = this.channelId, reference } = options
    const channel = this.state.channels.get(channelId)
    if (!channel) throw new Error(`no channel ${channelId}`)
    const attachments = (options.attachments ?? []).map(({ filename, content: text, contentType }) => {
      const bytes = Buffer.from(text)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const file = { filename, contentType: contentType ?? 'application/octet-stream', size: bytes.length }
      return this.cdn.attach(channelId, { ...file, sha256, bytes })
    })
    return this.messages.create(user, channel, { content, attachments, reference })
  }

  /** The TCP connections that are open to any of the servers. */
  connections(): readonly OpenConnection[] {
    return [this.rest.connections, this.gateway.tlsConnections, this.cdn.connections].flatMap((table) =>
      table.list(),
    )
  }

  /** Starts the servers and enters their names. */
  async listen(): Promise<void> {
    const [rest, gateway, cdn] = await Promise.all([
      this.rest.listen(),
      this.gateway.listen(),
      this.cdn.listen(),
    ])
    for (const [host, port] of [
      [REST_HOST, rest],
      [GATEWAY_HOST, gateway],
      [this.resumeHost, gateway],
      [CDN_HOST, cdn],
      [MEDIA_HOST, cdn],
    ] as const) {
      this.#names.add(host, 443, { host: '127.0.0.1', port })
      this.#registered.push(host)
    }
  }

  /** Ends every connection, timer and wait; the names lead nowhere any more. */
  async close(): Promise<void> {
    for (const host of this.#registered.splice(0)) this.#names.remove(host, 443)
    this.interactions.close()
    await Promise.all([this.rest.close(), this.gateway.close(), this.cdn.close()])
    // Pools of this process read that their connections have ended, and do not take them for the next lab.
    for (let turns = 0; turns < 2; turns++) await turn()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

export const DEFAULT_RESUME_HOST = 'gateway-us-east1-b.discord.gg'

/** The shape of a real one: the bot's id, a time, a MAC. None of its parts is checked but the whole. */
function tokenFor(id: string): string {
  const mac = createHash('sha256').update(id).digest('base64url').slice(0, 38)
  return `${Buffer.from(id).toString('base64url')}.GlAbT0.${mac}`
}
