import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FleetMemory } from '../../src/fleet/memory/memory-store.js'
import { Membership } from '../../src/fleet/membership.js'
import { keysOf, RedisStore } from '../../src/fleet/redis/redis-store.js'
import type { FleetStore, Holding, Refused, SessionWrite, TakenShard, Turn } from '../../src/fleet/store.js'
import { FLEET_TIMING } from '../../src/fleet/timing.js'
import { RedisServer } from './redis-server.js'

const TIMING = { ...FLEET_TIMING, termMs: 1_500 }
const LIMIT = { total: 2, remaining: 2, reset_after: 24 * 60 * 60_000, max_concurrency: 16 }

let server: RedisServer
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  server = await RedisServer.start()
  client = createClient({ url: server.url })
  await client.connect()
})

afterAll(async () => {
  await client.close()
  await server.close()
})

let fleets = 0
const STORES: Readonly<Record<string, () => FleetStore>> = {
  memory: () => new FleetMemory({ termMs: TIMING.termMs }).store(),
  Redis: () => new RedisStore(client, keysOf('test', `fleet-${++fleets}`), TIMING),
}

/** A member that the store lets take shards. */
async function joined(store: FleetStore, count: number): Promise<Membership> {
  const member = Membership.begin(count)
  while (!(await renew(store, member, []))) await sleep(50)
  return member
}

/** Whether shards may be taken. */
async function renew(store: FleetStore, member: Membership, holdings: readonly Holding[]): Promise<boolean> {
  const reply = await store.renew(member.renewal(holdings))
  if (reply.kind !== 'ok') throw new Error(`the store refused: ${reply.kind}`)
  member.renewed(reply)
  return reply.now >= reply.holdUntil
}

async function take(store: FleetStore, member: Membership, want: number): Promise<readonly TakenShard[]> {
  const taken = await store.take(member.caller, want)
  if ('kind' in taken) throw new Error(`the store refused: ${taken.kind}`)
  member.seen(taken.map(({ token }) => token))
  return taken
}

const write = ({ shardId, token }: Holding, session: string, sequence: number): SessionWrite => ({
  ...{ shardId, token, session, sequence, final: false },
})
const untouched = ({ shardId, token }: Holding): SessionWrite => ({
  ...{ shardId, token, session: undefined, sequence: 0, final: false },
})

describe.concurrent.for(Object.entries(STORES))('the store in %s', ([, create]) => {
  it('refuses all that a member does with a lease that has passed on', async ({ expect }) => {
    const store = create()
    const paused = await joined(store, 2)
    const stale = await take(store, paused, 2)
    await store.save(
      paused.caller,
      stale.map((holding) => write(holding, 'its session', 5)),
    )
    // It is not heard of for longer than its lease.
    const successor = await joined(store, 2)
    let current: readonly TakenShard[] = []
    while (current.length < 2) {
      await sleep(50)
      await renew(store, successor, current)
      current = [...current, ...(await take(store, successor, 2))]
    }
    for (const [index, { token, record }] of current.entries()) {
      expect(token).toBeGreaterThan(stale[index]!.token)
      expect(record).toEqual({ session: 'its session', sequence: 5, final: false })
    }

    const late = stale.map((holding) => write(holding, 'too late', 99))
    await store.save(paused.caller, late)
    await store.release(paused.caller, late, false)
    const gone: Refused = { kind: 'gone' }
    expect(await store.take(paused.caller, 2)).toEqual(gone)
    const turn = { ...paused.caller, ...stale[0]!, limit: LIMIT, isNew: true, missed: 0 }
    expect(await store.turn(turn)).toEqual(gone)

    // As a member once more it has none of its old leases.
    paused.rejoin()
    await renew(store, paused, [])
    await store.save(paused.caller, late)
    expect(await take(store, paused, 2)).toEqual([])
    await store.release(successor.caller, current.map(untouched), true)
    const again = await take(store, paused, 2)
    expect(again.map(({ record }) => record?.session)).toEqual(['its session', 'its session'])
    expect(again.map(({ record }) => record?.sequence)).toEqual([5, 5])

    // It is the owner once more, and a write of its earlier lease is still refused.
    await store.save(paused.caller, late)
    await store.release(paused.caller, again.map(untouched), false)
    const last = await take(store, paused, 2)
    expect(last.map(({ record }) => record?.sequence)).toEqual([5, 5])
  })

  it("gives no turn when the day's session starts are used up, whichever member asks", async ({ expect }) => {
    const store = create()
    const first = await joined(store, 2)
    const second = await joined(store, 2)
    const [one] = await take(store, first, 1)
    const [other] = await take(store, second, 1)
    const ask = (member: Membership, shard: TakenShard | undefined, remaining?: number): Promise<Turn> => {
      const limit = { ...LIMIT, remaining: remaining ?? 2, reset_after: 800 }
      return store.turn({ ...member.caller, ...shard!, limit, isNew: remaining !== undefined, missed: 0 })
    }
    expect(await ask(first, one, 1)).toMatchObject({ kind: 'turn' })
    const refused = await ask(second, other)
    expect(refused).toMatchObject({ kind: 'exhausted' })
    const waitMs = refused.kind === 'exhausted' ? refused.waitMs : 0
    expect(waitMs).toBeGreaterThan(0)
    expect(waitMs).toBeLessThanOrEqual(800)
    await sleep(waitMs + 20)
    // The next day has the whole number again.
    expect(await ask(second, other)).toMatchObject({ kind: 'turn' })
    expect(await ask(first, one)).toMatchObject({ kind: 'turn' })
    expect(await ask(first, one)).toMatchObject({ kind: 'exhausted' })
  })

  it('gives no shard of another number before the last of the old ones is back', async ({ expect }) => {
    const store = create()
    const old = await joined(store, 2)
    const [first, second] = await take(store, old, 2)
    const next = await joined(store, 4)
    expect(next.view).toMatchObject({ count: 4, generation: 2 })
    expect(await take(store, next, 4)).toEqual([])
    await store.release(old.caller, [untouched(first!)], false)
    expect(await take(store, next, 4)).toEqual([])
    await renew(store, old, [second!])
    expect(old.view).toMatchObject({ count: 4, generation: 2 })
    await store.release(old.caller, [untouched(second!)], false)
    // Not more than its even part.
    expect((await take(store, next, 4)).map(({ shardId }) => shardId)).toEqual([0, 1])
    expect((await take(store, old, 4)).map(({ shardId }) => shardId)).toEqual([2, 3])
  })
})

it('holds shards back for a whole term once more where no command came while it held them back', async () => {
  const store = STORES['Redis']!()
  const member = Membership.begin(2)
  expect(await renew(store, member, [])).toBe(false)
  await sleep(TIMING.termMs + 500)
  expect(await renew(store, member, [])).toBe(false)
})
