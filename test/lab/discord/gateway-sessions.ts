import { GatewayCloseCodes, GatewayIntentBits } from 'discord-api-types/v10'
import { readIdentify, readResume, type IdentifyRules } from './gateway-authentication.js'
import type { GatewayConnection } from './gateway-connection.js'
import { visibleEvent } from './gateway-intents.js'
import { SessionStarts } from './gateway-session-starts.js'
import { GatewaySession } from './gateway-session.js'
import type { DiscordState, EventSink } from './state.js'

export type Session = GatewaySession<GatewayConnection>

export interface SessionsOptions {
  readonly state: DiscordState
  readonly token: string
  /** Dispatches a session keeps for a resume. */
  readonly replayLimit: number
  /** The host of READY's `resume_gateway_url`. */
  readonly resumeHost: string
}

/** Close codes, from either side, after which Discord knows the session no more. */
const ENDS_SESSION = new Set<number>([
  1000,
  1001,
  GatewayCloseCodes.InvalidSeq,
  GatewayCloseCodes.SessionTimedOut,
])

const TRACE = { _trace: ['["lab-gateway"]'] }

/** The sessions: how they begin, what they are sent, how they are resumed and when they end. */
export class GatewaySessions {
  readonly starts = new SessionStarts()
  /** The sequence of RESUMED: one of its own, that of the last event, or null. */
  resumedSequence: 'next' | 'same' | null = 'next'
  readonly rules: { -readonly [Rule in keyof IdentifyRules]: IdentifyRules[Rule] }
  readonly #options: SessionsOptions
  readonly #known = new Map<string, Session>()

  constructor(options: SessionsOptions) {
    this.#options = options
    this.rules = { token: options.token, disallowedIntents: 0, requiredShards: 1 }
  }

  list(): readonly Session[] {
    return [...this.#known.values()]
  }

  clear(): void {
    this.#known.clear()
  }

  forget({ session }: GatewayConnection): void {
    if (session) this.#known.delete(session.id)
  }

  /** To every session, whatever its intents; those without a connection get it when they resume. */
  dispatch(event: string, data: unknown, filter: (session: Session) => boolean): void {
    const json = JSON.stringify(data)
    for (const session of this.#known.values()) if (filter(session)) session.dispatch(event, json)
  }

  /** To the sessions whose shard and intents let them see it. */
  readonly publish: EventSink = (event, data, channel) => {
    for (const session of this.#known.values()) {
      if (!session.covers(channel.guild_id)) continue
      const visible = visibleEvent(session.intents, event, data, channel, this.#options.state.bot)
      if (visible) session.dispatch(event, JSON.stringify(visible))
    }
  }

  /** Answers an Identify: READY and the guild, or why not. Returns the new session, if there is one. */
  identify(connection: GatewayConnection, data: unknown): Session | undefined {
    const identify = readIdentify(data, this.rules)
    if ('code' in identify) {
      connection.close(identify.code, identify.reason)
      return undefined
    }
    const { intents, shard, compress } = identify
    if (!this.starts.take(shard[0])) {
      connection.invalidSession(false)
      return undefined
    }
    if (compress) connection.compressPayloads()
    const session: Session = new GatewaySession(intents, shard, this.#options.replayLimit)
    this.#known.set(session.id, session)
    carry(session, connection)
    return session
  }

  /** READY, and GUILD_CREATE for the guild it announces. */
  welcome(session: Session): void {
    const { state, resumeHost } = this.#options
    const mine = session.covers(state.guildId)
    const ready = {
      v: 10,
      user_settings: {},
      user: { ...state.bot, verified: true, mfa_enabled: true, flags: 0, email: null },
      session_type: 'normal',
      session_id: session.id,
      resume_gateway_url: `wss://${resumeHost}`,
      shard: session.shard,
      relationships: [],
      private_channels: [],
      presences: [],
      guilds: mine ? [{ id: state.guildId, unavailable: true }] : [],
      guild_join_requests: [],
      geo_ordered_rtc_regions: [],
      application: { id: state.applicationId, flags: 0 },
      ...TRACE,
    }
    session.dispatch('READY', JSON.stringify(ready))
    if (mine && (session.intents & GatewayIntentBits.Guilds) !== 0) {
      session.dispatch('GUILD_CREATE', JSON.stringify(state.guildCreate()))
    }
  }

  /** Answers a Resume: what was missed and RESUMED, or why not. */
  resume(
    connection: GatewayConnection,
    data: unknown,
  ): { readonly session: Session; readonly replayed: number } | undefined {
    const resume = readResume(data, this.rules.token)
    if ('code' in resume) {
      connection.close(resume.code, resume.reason)
      return undefined
    }
    const session = this.#known.get(resume.sessionId)
    const replay = session?.replay(resume.sequence)
    if (!session || !replay || replay.kind === 'lost') {
      this.#known.delete(resume.sessionId)
      connection.invalidSession(false)
      return undefined
    }
    if (replay.kind === 'ahead') {
      this.#known.delete(session.id)
      connection.close(GatewayCloseCodes.InvalidSeq, 'Invalid seq.')
      return undefined
    }
    // The connection that carried it so far is dead to Discord, even if its socket does not know yet.
    session.connection?.terminate()
    for (const payload of replay.payloads) connection.sendText(payload)
    carry(session, connection)
    session.resumes += 1
    this.#tellResumed(session, connection)
    return { session, replayed: replay.payloads.length }
  }

  #tellResumed(session: Session, connection: GatewayConnection): void {
    const trace = JSON.stringify(TRACE)
    if (this.resumedSequence === 'next') {
      session.dispatch('RESUMED', trace)
      return
    }
    const sequence = this.resumedSequence === 'same' ? session.sequence : null
    connection.sendText(`{"t":"RESUMED","s":${sequence},"op":0,"d":${trace}}`)
  }

  closed(connection: GatewayConnection): void {
    const { session } = connection
    // Resumed elsewhere meanwhile: the close of the connection that it left does not end it.
    if (session?.connection !== connection) return
    session.connection = undefined
    if (ENDS_SESSION.has(connection.closeCode ?? 0)) this.forget(connection)
  }
}

function carry(session: Session, connection: GatewayConnection): void {
  session.connection = connection
  connection.session = session
}
