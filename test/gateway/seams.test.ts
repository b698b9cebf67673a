import { once } from 'node:events'
import { inspect } from 'node:util'
import { GatewayOpcodes, PresenceUpdateStatus } from 'discord-api-types/v10'
import { afterEach, describe, expect, it } from 'vitest'
import type { GatewayDisconnected, GatewaySession } from '../../src/index.js'
import { failureOf, GatewayLab, next, nextLine, recordDispatches, withLab } from './gateway-lab.js'

let lab: GatewayLab

afterEach(() => lab.close())

/** A session store in a map, and the calls that it got. */
function createStore(sessions = new Map<number, GatewaySession>()) {
  const calls: string[] = []
  return {
    sessions,
    calls,
    store: {
      load: (shardId: number) => {
        calls.push(`load ${shardId}`)
        return Promise.resolve(sessions.get(shardId))
      },
      save: (session: GatewaySession) => {
        calls.push(`save ${session.sequence}`)
        sessions.set(session.shardId, session)
      },
      remove: (shardId: number) => {
        calls.push(`remove ${shardId}`)
        sessions.delete(shardId)
      },
    },
  }
}

const info = (resetAfter = 60_000) => ({
  url: 'wss://gateway.discord.gg/',
  shards: 1,
  session_start_limit: { total: 1_000, remaining: 1_000, reset_after: resetAfter, max_concurrency: 1 },
})

describe('events', () => {
  it('heartbeat tells the latency of each acknowledgement', async () => {
    lab = await GatewayLab.start({ heartbeatIntervalMs: 300 })
    const gateway = await lab.connected()
    const before = Date.now()
    const heartbeat = await next(gateway, 'heartbeat')
    expect(heartbeat).toEqual({
      shardId: 0,
      heartbeatAt: expect.any(Number) as number,
      ackAt: expect.any(Number) as number,
      latency: gateway.ping,
    })
    const { heartbeatAt, ackAt } = heartbeat as { heartbeatAt: number; ackAt: number }
    expect(ackAt).toBeGreaterThanOrEqual(heartbeatAt)
    expect(ackAt).toBeGreaterThanOrEqual(before)
  })

  it('dispatch has the text of the payload beside it', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    await recordDispatches(gateway).waitFor(({ t }) => t === 'GUILD_CREATE')
    const dispatched = once(gateway, 'dispatch')
    lab.discord.gateway.dispatch('LAB', { text: 'ünïcode 🎉' })
    const [payload, shardId, raw] = (await dispatched) as [unknown, number, string]
    expect(shardId).toBe(0)
    expect(raw).toContain('{"text":"ünïcode 🎉"}')
    expect(JSON.parse(raw)).toEqual(payload)
  })

  const causes: readonly [cause: string, fault: () => unknown, more: object][] = [
    [
      'closed',
      () => lab.discord.gateway.connections[0]!.close(4000, 'Try again.'),
      { closeCode: 4000, closeReason: 'Try again.' },
    ],
    ['server-reconnect', () => lab.discord.gateway.requestReconnect(), {}],
    ['invalid-session', () => lab.discord.gateway.invalidSession(true), {}],
    ['connection-lost', () => lab.proxy.cut(), {}],
    ['unreadable', () => lab.discord.gateway.connections[0]!.sendRaw('{"op":'), {}],
    ['silence', () => lab.discord.gateway.freeze(), {}],
    ['zombie', () => lab.discord.gateway.stopAcknowledging(), {}],
  ]
  it.each(causes)('reconnecting has the cause %s', async (cause, fault, more) => {
    lab = await GatewayLab.start({ heartbeatIntervalMs: 500 })
    const gateway = await lab.connected()
    const disconnected = next(gateway, 'disconnected')
    const reconnecting = next(gateway, 'reconnecting')
    fault()
    expect(await disconnected).toMatchObject({ shardId: 0, cause, closeCode: null, closeReason: '', ...more })
    expect(await reconnecting).toMatchObject({ cause, delayMs: 0, attempt: 1, resume: true, ...more })
    lab.discord.gateway.resumeAcknowledging()
    await next(gateway, 'resumed')
  })

  it('reconnecting quotes nothing of a payload that cannot be read', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const lines: string[] = []
    gateway.on('debug', (line) => lines.push(line))
    const reconnecting = next(gateway, 'reconnecting')
    lab.discord.gateway.connections[0]!.sendRaw('qzj of a private message')
    const told = await reconnecting
    expect(told).toMatchObject({ cause: 'unreadable', error: { code: 'ERR_GATEWAY_PAYLOAD' } })
    expect(inspect(told, { depth: 9, showHidden: true }) + lines.join()).not.toContain('qzj')
  })

  it('reconnecting tells a change of the proxy from a reconnect that was asked for', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const requested = next(gateway, 'reconnecting')
    gateway.reconnect({ reason: 'a test' })
    expect(await requested).toMatchObject({ cause: 'requested', reason: 'a test', error: null })
    await next(gateway, 'resumed')
    const moved = next(gateway, 'reconnecting')
    lab.transport.setProxy((await lab.addProxy()).url)
    expect(await moved).toMatchObject({ cause: 'proxy-change' })
    await next(gateway, 'resumed')
  })

  it('reconnecting tells an attempt that could not connect from one whose HELLO did not come', async () => {
    lab = await GatewayLab.start()
    lab.discord.gateway.refuseUpgradeOnce({ status: 503 })
    const refused = lab.createGateway()
    const failed = next(refused, 'reconnecting')
    await refused.connect()
    expect(await failed).toMatchObject({ cause: 'connect-failed', error: { retryable: true } })
    const silent = lab.createGateway({ gatewayReadyTimeoutMs: 100 })
    const timedOut = next(silent, 'reconnecting')
    void lab.discord.gateway.waitForConnection({ nth: 2 }).then((connection) => connection.freeze())
    const connected = silent.connect()
    expect(await timedOut).toMatchObject({ cause: 'ready-timeout' })
    await connected
  })

  it('disconnected comes before closed too, with the code and the reason', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const disconnected = next(gateway, 'disconnected')
    const closed = next(gateway, 'closed')
    lab.discord.gateway.connections[0]!.close(4014, 'Disallowed intent(s).')
    expect(await disconnected).toMatchObject({
      cause: 'closed',
      closeCode: 4014,
      closeReason: 'Disallowed intent(s).',
    })
    expect(await closed).toMatchObject({ error: { code: 'ERR_GATEWAY_INTENTS', retryable: false } })
  })
})

describe('gatewayInfo', () => {
  it('takes the place of GET /gateway/bot', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected({ gatewayInfo: info(), shards: 'auto' })
    expect(gateway.shards).toHaveLength(1)
    expect(lab.discord.rest.requests).toEqual([])
  })

  it('may be a function that is asynchronous', async () => {
    lab = await GatewayLab.start()
    let asked = 0
    await lab.connected({
      gatewayInfo: () => {
        asked += 1
        return Promise.resolve(info())
      },
    })
    expect(asked).toBe(1)
    expect(lab.discord.rest.requests).toEqual([])
  })

  it('is said to fail where the function does, and the default URL is used', async () => {
    lab = await GatewayLab.start()
    const gateway = lab.createGateway({ gatewayInfo: () => Promise.reject(new Error('no database')) })
    const line = nextLine(gateway, 'gatewayInfo')
    await gateway.connect()
    expect(await line).toBe('gatewayInfo failed (no database): connecting to wss://gateway.discord.gg/')
  })
})

describe('a session store', () => {
  it('is asked before the first connection, and has every sequence afterwards', async () => {
    lab = await GatewayLab.start()
    const first = createStore()
    const gateway = await lab.connected({ sessionStore: first.store })
    const dispatches = recordDispatches(gateway)
    lab.discord.gateway.dispatch('LAB', 1)
    await dispatches.waitFor(({ t }) => t === 'LAB')
    await gateway.close({ keepSession: true })
    expect(first.calls).toEqual(['load 0', 'save 1', 'save 2', 'save 3'])
    expect(first.sessions.get(0)).toEqual(gateway.session)
    const second = createStore(first.sessions)
    const resumed = await lab.connected({ sessionStore: second.store })
    expect(resumed.session?.id).toBe(gateway.session?.id)
    expect(lab.discord.gateway.identifies).toHaveLength(1)
    expect(lab.discord.gateway.resumes).toHaveLength(1)
    await resumed.close()
    expect(second.calls.at(-1)).toBe('remove 0')
  })

  it('keeps an event that was not handled: it is saved after its listeners', async () => {
    lab = await GatewayLab.start()
    const { store, sessions } = createStore()
    const gateway = await lab.connected({ sessionStore: store })
    const seen = new Promise<number | undefined>((resolve) => {
      gateway.on('dispatch', ({ s }) => {
        if (s === 3) resolve(sessions.get(0)?.sequence)
      })
    })
    lab.discord.gateway.dispatch('LAB', 1)
    expect(await seen).toBe(2)
  })

  it('that fails to load is asked again, and costs no session', async () => {
    lab = await GatewayLab.start()
    const kept = createStore()
    const first = await lab.connected({ sessionStore: kept.store })
    await first.close({ keepSession: true })
    let loads = 0
    const gateway = lab.createGateway({
      sessionStore: {
        ...kept.store,
        load: (shardId) => (++loads === 1 ? Promise.reject(new Error('away')) : kept.store.load(shardId)),
      },
    })
    const reconnecting = next(gateway, 'reconnecting')
    await gateway.connect()
    expect(await reconnecting).toMatchObject({
      cause: 'session-store-failed',
      error: { code: 'ERR_GATEWAY_STORE', message: 'sessionStore.load failed: away', retryable: true },
    })
    expect(lab.discord.gateway.identifies).toHaveLength(1)
  })

  it('that fails to save is told in debug, and the stream goes on', async () => {
    lab = await GatewayLab.start()
    const { store } = createStore()
    const failing = {
      ...store,
      save: ({ sequence }: GatewaySession) => {
        if (sequence % 2 === 0) throw new Error('full')
        return Promise.reject(new Error('full'))
      },
    }
    const gateway = lab.createGateway({ sessionStore: failing })
    const lines: string[] = []
    gateway.on('debug', (line) => lines.push(line))
    await gateway.connect()
    const dispatches = recordDispatches(gateway)
    lab.discord.gateway.dispatch('LAB', 1)
    await dispatches.waitFor(({ t }) => t === 'LAB')
    expect(lines.filter((line) => line === 'the session store failed: full').length).toBeGreaterThanOrEqual(2)
  })

  it('gets the end of a session that Discord has invalidated', () =>
    withLab({}, async (own) => {
      const { store, calls } = createStore()
      const gateway = await own.connected({ sessionStore: store })
      const ready = next(gateway, 'ready')
      own.discord.gateway.invalidSession(false)
      await ready
      expect(calls).toContain('remove 0')
      lab = own
    }))

  it('has time for its last write before close() resolves', async () => {
    lab = await GatewayLab.start()
    const { store } = createStore()
    let written = false
    const gateway = await lab.connected({
      sessionStore: {
        ...store,
        remove: async () => {
          await new Promise((resolve) => setTimeout(resolve, 50))
          written = true
        },
      },
    })
    await gateway.close()
    expect(written).toBe(true)
  })
})

describe('an identify throttler', () => {
  it('is asked after HELLO, and the shard identifies when it says so', async () => {
    lab = await GatewayLab.start()
    let release: () => void = () => undefined
    const asked = new Promise<number>((resolve) => {
      lab
        .createGateway({
          identifyThrottler: {
            waitForIdentify: (shardId) => {
              resolve(shardId)
              return new Promise<void>((go) => (release = go))
            },
          },
        })
        .connect()
        .catch(() => undefined)
    })
    expect(await asked).toBe(0)
    expect(lab.discord.gateway.connections).toHaveLength(1)
    expect(lab.discord.gateway.identifies).toHaveLength(0)
    release()
    await lab.discord.gateway.waitForIdentify()
  })

  it('that fails is asked again', async () => {
    lab = await GatewayLab.start()
    let calls = 0
    const gateway = lab.createGateway({
      identifyThrottler: {
        waitForIdentify: () => (++calls === 1 ? Promise.reject(new Error('away')) : Promise.resolve()),
      },
    })
    const reconnecting = next(gateway, 'reconnecting')
    await gateway.connect()
    expect(await reconnecting).toMatchObject({
      cause: 'identify-throttler-failed',
      error: { code: 'ERR_GATEWAY_STORE' },
    })
  })
})

describe('shard(id)', () => {
  const presence = {
    op: GatewayOpcodes.PresenceUpdate as const,
    d: { since: null, afk: false, activities: [], status: PresenceUpdateStatus.Idle },
  }

  it('is one shard: its state, its sends, its reconnect, its end', async () => {
    lab = await GatewayLab.start()
    lab.discord.gateway.sessionStarts.maxConcurrency = 2
    const gateway = await lab.connected({ shards: 2 })
    const [first, second] = [gateway.shard(0)!, gateway.shard(1)!]
    expect(gateway.shard(2)).toBeUndefined()
    expect(second).toMatchObject({ id: 1, count: 2, state: 'ready', queuedSends: 0 })
    await second.send(presence)
    const { connection } = await lab.discord.gateway.waitForPayload(3)
    expect(connection.session?.shard).toEqual([1, 2])

    const told: GatewayDisconnected[] = []
    gateway.on('disconnected', (event) => told.push(event))
    const resumed = next(gateway, 'resumed')
    second.reconnect()
    expect(await resumed).toMatchObject({ shardId: 1 })

    await second.close({ keepSession: true })
    expect([second.state, first.state, gateway.state]).toEqual(['closed', 'ready', 'ready'])
    expect(second.session).not.toBeNull()
    expect(told.map(({ shardId, cause }) => [shardId, cause])).toEqual([
      [1, 'requested'],
      [1, 'requested'],
    ])
    expect(lab.discord.gateway.sessions).toHaveLength(2)
    expect(await failureOf(second.send(presence))).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
    const closed = next(gateway, 'closed')
    await first.close()
    expect(await closed).toMatchObject({ error: null, sessions: [{ shardId: 1 }] })
    expect(gateway.state).toBe('closed')
  })
})

describe('clients of one token on one transport', () => {
  it('share one identify queue and one answer of /gateway/bot', async () => {
    lab = await GatewayLab.start()
    const { sessionStarts } = lab.discord.gateway
    await Promise.all([lab.connected({ shards: [[0], 2] }), lab.connected({ shards: [[1], 2] })])
    expect(sessionStarts.violations).toBe(0)
    const [first, second] = lab.discord.gateway.identifies
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(5_000)
    expect(lab.discord.rest.requests).toHaveLength(1)
  })

  it('that are invalidated together identify one after the other', async () => {
    lab = await GatewayLab.start()
    const { sessionStarts } = lab.discord.gateway
    sessionStarts.maxConcurrency = 2
    const clients = await Promise.all([
      lab.connected({ shards: [[0], 3] }),
      lab.connected({ shards: [[2], 3] }),
    ])
    const again = Promise.all(clients.map((client) => next(client, 'ready')))
    lab.discord.gateway.invalidSession(false)
    await again
    expect(sessionStarts.violations).toBe(0)
  })
})

describe('maxReconnectAttempts', () => {
  it('closes the gateway after so many attempts in a row, and keeps the session', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected({ maxReconnectAttempts: 2 })
    const attempts: number[] = []
    gateway.on('reconnecting', ({ attempt }) => attempts.push(attempt))
    const closed = next(gateway, 'closed')
    await lab.proxy.close()
    expect(await closed).toMatchObject({
      error: { code: 'ERR_GATEWAY_RECONNECT_LIMIT', cause: { code: 'ERR_PROXY_UNREACHABLE' } },
      sessions: [{ shardId: 0 }],
    })
    expect(attempts).toEqual([1, 2])
  })
})
