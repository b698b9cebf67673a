import { randomUUID } from 'node:crypto'
import type {
  Caller,
  FleetStore,
  Refused,
  Renewed,
  RenewRequest,
  SessionWrite,
  TakenShard,
  Turn,
  TurnRequest,
} from '../store.js'
import { StoreUnavailable, WINDOW_MS } from '../store.js'
import type { FleetTiming } from '../timing.js'
import { inTime, linkOf, type RedisClient, type RedisLink } from './client.js'
import { releaseScript } from './scripts/release.js'
import { renewScript } from './scripts/renew.js'
import { saveScript } from './scripts/save.js'
import type { Asked, Script } from './scripts/script.js'
import { takeScript } from './scripts/take.js'
import { turnScript } from './scripts/turn.js'

/** The keys of a fleet, in the order of KEYS. The braces make them one slot of a cluster. */
export function keysOf(prefix: string, name: string): readonly string[] {
  return ['state', 'members', 'held', 'owners', 'sessions', 'sequences', 'turns'].map(
    (key) => `${prefix}:{${name}}:${key}`,
  )
}

interface Taken {
  readonly kind: 'ok'
  readonly taken: readonly TakenShard[]
}

/** The meeting place of a fleet in Redis. */
export class RedisStore implements FleetStore {
  readonly #client: RedisClient
  readonly #link: RedisLink
  readonly #keys: readonly string[]
  readonly #timing: FleetTiming
  /** By how much the clock of Redis is ahead of this one, from its latest answer. */
  #clockAhead: number | undefined
  #connected = false
  #listening = false
  readonly #ignore = (): void => undefined

  /** @throws TransportError ERR_INVALID_OPTIONS for what is no client */
  constructor(client: RedisClient, keys: readonly string[], timing: FleetTiming) {
    this.#client = client
    this.#link = linkOf(client)
    this.#keys = keys
    this.#timing = timing
  }

  async open(): Promise<void> {
    // Without one, the first lost connection would end the process.
    if (!this.#listening && this.#client.listenerCount('error') === 0) {
      this.#client.on('error', this.#ignore)
      this.#listening = true
    }
    const connecting = this.#link.connect()
    if (connecting === undefined) return
    this.#connected = true
    try {
      await inTime(this.#timing.commandMs, () => connecting)
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error
      throw new StoreUnavailable(`Redis cannot be reached: ${messageOf(error)}`)
    }
  }

  async close(): Promise<void> {
    if (this.#connected) await inTime(this.#timing.commandMs, () => this.#link.disconnect())
    this.#connected = false
    if (this.#listening) this.#client.off('error', this.#ignore)
    this.#listening = false
  }

  async renew(request: RenewRequest): Promise<Renewed | Refused> {
    const reply = await this.#run<Renewed | Refused>(renewScript, request)
    if (reply.kind !== 'ok') return reply
    this.#clockAhead = reply.now - Date.now()
    return { ...reply, members: listOf(reply.members), own: listOf(reply.own) }
  }

  async take(caller: Caller, want: number): Promise<readonly TakenShard[] | Refused> {
    const { doubtMs } = this.#timing
    const reply = await this.#run<Taken | Refused>(takeScript, caller, { want, doubtMs })
    return reply.kind === 'ok' ? (listOf(reply.taken) ?? []) : reply
  }

  async release(caller: Caller, writes: readonly SessionWrite[], leave: boolean): Promise<void> {
    await this.#run(releaseScript, caller, { writes, leave })
  }

  async save(caller: Caller, writes: readonly SessionWrite[]): Promise<void> {
    await this.#run(saveScript, caller, { writes })
  }

  turn(request: TurnRequest): Promise<Turn> {
    return this.#run<Turn>(turnScript, request, { windowMs: WINDOW_MS })
  }

  async giveBack(request: TurnRequest, at: number): Promise<void> {
    await this.#run(turnScript, request, { missed: at, givesBack: true, windowMs: WINDOW_MS })
  }

  /**
   * One script. It is not sent while the client would queue it, and it does nothing where it arrives too late: some
   * clients send again what was under way when a connection broke.
   */
  async #run<Answer extends { readonly kind: string }>(
    script: Script,
    caller: Caller,
    parameters: object = {},
  ): Promise<Answer> {
    const { commandMs, termMs } = this.#timing
    if (!this.#link.ready()) throw new StoreUnavailable('the Redis client is not connected')
    const notAfter =
      this.#clockAhead === undefined ? undefined : Math.ceil(Date.now() + this.#clockAhead + commandMs)
    const asked: Asked = { ...caller, ...parameters, notAfter, newEpoch: randomUUID(), termMs }
    const reply = await inTime(commandMs, (signal) => this.#evaluate(script, JSON.stringify(asked), signal))
    if (typeof reply !== 'string') throw new TypeError('Redis answered something else than the script does')
    const answer = JSON.parse(reply) as Answer | { readonly kind: 'late' }
    if (answer.kind !== 'late') return answer as Answer
    this.#clockAhead = undefined
    throw new StoreUnavailable('Redis ran the command too late')
  }

  async #evaluate(script: Script, question: string, signal: AbortSignal): Promise<unknown> {
    const [firstKey = ''] = this.#keys
    const rest = [String(this.#keys.length), ...this.#keys, question]
    const send = (command: string, which: string): Promise<unknown> =>
      this.#link.send([command, which, ...rest], firstKey, signal)
    try {
      return await send('EVALSHA', script.sha1).catch((error: unknown) => {
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error
        return send('EVAL', script.text)
      })
    } catch (error) {
      if (isRefusal(error)) throw error
      throw new StoreUnavailable(`Redis cannot be reached: ${messageOf(error)}`)
    }
  }
}

/** Redis itself answered with an error that stays: no right, an unknown command, a script that it cannot run. */
function isRefusal(error: unknown): boolean {
  return /^(?:NOAUTH|WRONGPASS|NOPERM|ERR|WRONGTYPE)\b/.test(messageOf(error))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}

/** Lua has one kind of table: a list that is empty arrives as an object. */
function listOf<Item>(list: readonly Item[] | undefined): readonly Item[] | undefined {
  return list && Object.values(list)
}
