import { randomUUID } from 'node:crypto'
import type {
  Caller,
  FleetStore,
  Holding,
  MemberLoad,
  Refused,
  Renewed,
  RenewRequest,
  SessionWrite,
  StoredRecord,
  TakenShard,
  Turn,
  TurnRequest,
} from '../store.js'
import { StoreUnavailable } from '../store.js'
import type { FleetTiming } from '../timing.js'
import { inTime, linkOf, type RedisClient, type RedisLink } from './client.js'
import { releaseScript } from './scripts/release.js'
import { renewScript } from './scripts/renew.js'
import { saveScript } from './scripts/save.js'
import type { Script } from './scripts/script.js'
import { takeScript } from './scripts/take.js'
import { turnScript } from './scripts/turn.js'

/** Between two identifies of a bucket: Discord's five seconds, and what the later of two may be faster on the way. */
const WINDOW_MS = 5_500
/** Arguments of one command: Lua's stack has room for some thousands. */
const WRITES_AT_ONCE = 500

/** The keys of a fleet, in the order of KEYS. The braces make them one slot of a cluster. */
export function keysOf(prefix: string, name: string): readonly string[] {
  return ['state', 'members', 'held', 'owners', 'sessions', 'sequences', 'turns'].map(
    (key) => `${prefix}:{${name}}:${key}`,
  )
}

type Reply = readonly unknown[]

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
    const { version, held, join, claims } = request
    const reply = await this.#run(renewScript, request, [
      version,
      held,
      join?.kind ?? '',
      join?.count ?? claims?.count ?? 0,
      claims === undefined ? '' : 1,
      claims?.generation ?? 0,
      ...(claims?.holdings ?? []).flatMap(({ shardId, token }) => [shardId, token]),
    ])
    if (reply[0] !== 'ok') return refusal(reply)
    const [, now, epoch, holdUntil, tide, newVersion, generation, count, free, members, own] = reply
    this.#clockAhead = Number(now) - Date.now()
    return {
      kind: 'ok',
      now: Number(now),
      epoch: String(epoch),
      holdUntil: Number(holdUntil),
      tide: Number(tide),
      version: Number(newVersion),
      generation: Number(generation),
      count: Number(count),
      free: Number(free),
      members: pairs(members)?.map(([member, load]): MemberLoad => ({
        member: String(member),
        held: Number(load),
      })),
      own: pairs(own)?.map(([shardId, token]): Holding => ({
        shardId: Number(shardId),
        token: Number(token),
      })),
    }
  }

  async take(caller: Caller, want: number): Promise<readonly TakenShard[] | Refused> {
    const [kind, list, ...rest] = await this.#run(takeScript, caller, [want, this.#timing.doubtMs])
    if (kind !== 'ok') return refusal([kind, list, ...rest])
    const values: readonly unknown[] = Array.isArray(list) ? list : []
    return Array.from({ length: values.length / 5 }, (_, index) => {
      const [shardId, token, session, sequence, identifyAfterMs] = values.slice(index * 5, index * 5 + 5)
      return {
        shardId: Number(shardId),
        token: Number(token),
        record: recordOf(String(session), String(sequence)),
        identifyAfterMs: Number(identifyAfterMs),
      }
    })
  }

  async release(caller: Caller, writes: readonly SessionWrite[], leave: boolean): Promise<void> {
    for (let from = 0; from < Math.max(1, writes.length); from += WRITES_AT_ONCE) {
      const part = writes.slice(from, from + WRITES_AT_ONCE)
      const isLast = from + WRITES_AT_ONCE >= writes.length
      await this.#run(releaseScript, caller, [leave && isLast ? 1 : '', ...part.flatMap(writeArguments)])
    }
  }

  async save(caller: Caller, writes: readonly SessionWrite[]): Promise<void> {
    for (let from = 0; from < writes.length; from += WRITES_AT_ONCE)
      await this.#run(saveScript, caller, writes.slice(from, from + WRITES_AT_ONCE).flatMap(writeArguments))
  }

  async turn(request: TurnRequest): Promise<Turn> {
    const reply = await this.#run(turnScript, request, turnArguments(request, request.missed, false))
    const [kind, first, second] = reply
    if (kind === 'turn') return { kind, now: Number(first), at: Number(second) }
    if (kind === 'exhausted') return { kind, waitMs: Number(first) }
    return refusal(reply)
  }

  async giveBack(request: TurnRequest, at: number): Promise<void> {
    await this.#run(turnScript, request, turnArguments(request, at, true))
  }

  /**
   * One script. It is not sent while the client would queue it, and it does nothing where it arrives too late: some
   * clients send again what was under way when a connection broke.
   */
  async #run(script: Script, caller: Caller, values: readonly (string | number)[]): Promise<Reply> {
    const { commandMs, termMs } = this.#timing
    if (!this.#link.ready()) throw new StoreUnavailable('the Redis client is not connected')
    const notAfter = this.#clockAhead === undefined ? 0 : Date.now() + this.#clockAhead + commandMs
    const { member, epoch, tide } = caller
    const args = [Math.ceil(notAfter), member, epoch, randomUUID(), tide, termMs, ...values].map(String)
    const reply = await inTime(commandMs, (signal) => this.#evaluate(script, args, signal))
    if (!Array.isArray(reply)) throw new TypeError('Redis answered something else than the script does')
    const answer: Reply = reply
    if (answer[0] === 'late') {
      this.#clockAhead = undefined
      throw new StoreUnavailable('Redis ran the command too late')
    }
    return answer
  }

  async #evaluate(script: Script, args: readonly string[], signal: AbortSignal): Promise<unknown> {
    const [firstKey = ''] = this.#keys
    const rest = [String(this.#keys.length), ...this.#keys, ...args]
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

function refusal([kind, epoch]: Reply): Refused {
  if (kind === 'epoch') return { kind, epoch: String(epoch) }
  if (kind === 'gone' || kind === 'count') return { kind }
  throw new TypeError('Redis answered something else than the script does')
}

function pairs(value: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (!Array.isArray(value)) return undefined
  const list: readonly unknown[] = value
  return Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index], list[2 * index + 1]])
}

function recordOf(session: string, sequence: string): StoredRecord | undefined {
  if (session === '') return undefined
  return { session, sequence: Number.parseInt(sequence, 10) || 0, final: sequence.endsWith('!') }
}

function writeArguments({ shardId, token, session, sequence, final }: SessionWrite): (string | number)[] {
  const text = session === undefined ? '~' : (session ?? '')
  return [shardId, token, text, text === '~' && sequence === 0 ? '' : `${sequence}${final ? '!' : ''}`]
}

function turnArguments(request: TurnRequest, turn: number, givesBack: boolean): (string | number)[] {
  const { shardId, token, limit, isNew } = request
  const { max_concurrency: concurrency, total, remaining, reset_after: resetAfter } = limit
  return [
    ...[shardId, token, concurrency, total, remaining, resetAfter],
    ...[isNew ? 1 : '', turn, givesBack ? 1 : '', WINDOW_MS],
  ]
}
