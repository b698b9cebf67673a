import { once } from 'node:events'
import { GatewayOpcodes, PresenceUpdateStatus, type GatewaySendPayload } from 'discord-api-types/v10'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { GatewayClient } from '../../src/index.js'
import { failureOf, GatewayLab, next, nextLine, recordDispatches } from './gateway-lab.js'

const presence: GatewaySendPayload = {
  op: GatewayOpcodes.PresenceUpdate,
  d: { since: null, afk: false, activities: [], status: PresenceUpdateStatus.DoNotDisturb },
}

let lab: GatewayLab

afterEach(() => lab.close())

describe('close()', () => {
  it('ends the session with 1000, and every socket', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const closed = next(gateway, 'closed')
    await gateway.close()
    expect(gateway.state).toBe('closed')
    expect(await closed).toEqual({ reason: 'close() was called', error: null, sessions: [] })
    const { closeCode } = await lab.discord.gateway.waitForClose()
    expect(closeCode).toBe(1000)
    expect(lab.discord.gateway.sessions).toHaveLength(0)
  })

  it('keeps the session when asked, for another client to resume', async () => {
    lab = await GatewayLab.start()
    const first = await lab.connected()
    const closed = next(first, 'closed')
    await first.close({ keepSession: true })
    const { session } = first
    expect(session).toMatchObject({ id: lab.discord.gateway.sessions[0]!.id })
    expect(await closed).toMatchObject({ sessions: [session] })
    lab.discord.sayAs(lab.discord.human, 'while nobody was there')
    const stored: unknown = JSON.parse(JSON.stringify(session))
    expect(stored).toEqual(session)
    const second = lab.createGateway({ session: session! })
    const dispatches = recordDispatches(second)
    await second.connect()
    expect(dispatches.all.map(({ t }) => t)).toContain('MESSAGE_CREATE')
    expect(dispatches.all.map(({ t }) => t)).not.toContain('READY')
    expect(lab.discord.gateway.identifies).toHaveLength(1)
    expect(lab.discord.gateway.resumes).toHaveLength(1)
  })

  it('leaves a client of which the transport knows nothing any more', async () => {
    lab = await GatewayLab.start()
    const gateway = lab.createGateway()
    await gateway.close()
    const asked = vi.spyOn(gateway, 'reconnect')
    lab.transport.setProxy(lab.proxy.url)
    expect(asked).not.toHaveBeenCalled()
  })

  it('of the transport closes its gateways too', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    await lab.transport.close()
    expect(gateway.state).toBe('closed')
    expect((await lab.discord.gateway.waitForClose()).closeCode).toBe(1000)
  })

  it('rejects what waits to be sent', async () => {
    lab = await GatewayLab.start()
    lab.discord.gateway.stallUpgradeOnce()
    const gateway = lab.createGateway()
    const connecting = failureOf(gateway.connect())
    await next(gateway, 'debug')
    const sent = failureOf(gateway.send(presence))
    await gateway.close()
    expect(await sent).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
    await connecting
  })

  it('keeps a session that was given and not yet resumed, when asked', async () => {
    lab = await GatewayLab.start()
    const session = {
      id: 'abc',
      sequence: 7,
      resumeUrl: `wss://${lab.discord.resumeHost}`,
      shardId: 0,
      shardCount: 1,
    }
    for (const shards of [1, 'auto'] as const) {
      const gateway = lab.createGateway({ session, shards })
      connecting(gateway)
      await gateway.close({ keepSession: true })
      expect(gateway.session).toEqual(session)
    }
  })
})

it('Discord sees by the code whether a connection that is left will be resumed', async () => {
  lab = await GatewayLab.start()
  const gateway = await lab.connected()
  const resumed = next(gateway, 'resumed')
  gateway.reconnect()
  await resumed
  expect((await lab.discord.gateway.waitForClose()).closeCode).toBe(4900)
  gateway.reconnect({ resume: false })
  expect((await lab.discord.gateway.waitForClose({ nth: 2 })).closeCode).toBe(1000)
})

it('reconnect() opens nothing before connect() and after close()', async () => {
  lab = await GatewayLab.start()
  const idle = lab.createGateway()
  idle.reconnect()
  expect(idle.state).toBe('idle')
  const gateway = await lab.connected()
  const shard = gateway.shard(0)
  await gateway.close()
  const told: string[] = []
  gateway.on('disconnected', ({ cause }) => told.push(cause))
  gateway.reconnect()
  shard?.reconnect()
  expect(told).toEqual([])
  expect([gateway.state, shard?.state]).toEqual(['closed', 'closed'])
})

/** A client whose connect() is under way; what comes of that is not asked here. */
function connecting(gateway: GatewayClient): GatewayClient {
  void failureOf(gateway.connect()).catch(() => undefined)
  return gateway
}

describe('close() ends it at every stage:', () => {
  const stages: readonly (readonly [name: string, reach: () => Promise<GatewayClient>])[] = [
    ['before connect()', () => Promise.resolve(lab.createGateway())],
    ['right after connect()', () => Promise.resolve(connecting(lab.createGateway()))],
    [
      'while /gateway/bot is asked',
      async () => {
        lab.discord.rest.intercept('GET /gateway/bot', () => ({ stall: true }))
        const gateway = connecting(lab.createGateway())
        await lab.discord.rest.waitForRequest('GET /gateway/bot')
        return gateway
      },
    ],
    [
      'while it is asked how many shards there are',
      async () => {
        lab.discord.rest.intercept('GET /gateway/bot', () => ({ stall: true }))
        const gateway = connecting(lab.createGateway({ shards: 'auto' }))
        await lab.discord.rest.waitForRequest('GET /gateway/bot')
        return gateway
      },
    ],
    [
      'while the proxy keeps silent',
      async () => {
        lab.proxy.fault = { kind: 'request', verb: 'silence' }
        const gateway = connecting(lab.createGateway())
        await lab.proxy.waitForConnection()
        return gateway
      },
    ],
    [
      'while the upgrade is not answered',
      async () => {
        lab.discord.gateway.stallUpgradeOnce()
        const gateway = connecting(lab.createGateway())
        await nextLine(gateway, 'connecting to')
        return gateway
      },
    ],
    [
      'while Identify waits for its turn',
      async () => {
        lab.discord.gateway.sessionStarts.remaining = 0
        const gateway = connecting(lab.createGateway())
        await nextLine(gateway, 'used up')
        return gateway
      },
    ],
    [
      'while other shards wait for theirs',
      async () => {
        const gateway = connecting(lab.createGateway({ shards: 3 }))
        await next(gateway, 'ready')
        return gateway
      },
    ],
    [
      'while it resumes',
      async () => {
        const gateway = await lab.connected()
        lab.discord.gateway.terminateAll()
        await nextLine(gateway, 'resuming')
        return gateway
      },
    ],
    [
      'between two attempts',
      async () => {
        const gateway = await lab.connected({ backoffBaseMs: 60_000, backoffMaxMs: 60_000 })
        lab.discord.gateway.invalidSession(false)
        await next(gateway, 'reconnecting')
        return gateway
      },
    ],
    [
      'while Discord does not answer the close frame',
      async () => {
        const gateway = await lab.connected()
        lab.discord.gateway.freeze()
        return gateway
      },
    ],
  ]
  it.each(stages)('%s', async (_, reach) => {
    lab = await GatewayLab.start()
    const gateway = await reach()
    const closed: unknown[] = []
    gateway.on('closed', (event) => closed.push(event))
    await Promise.all([gateway.close(), gateway.close()])
    expect(closed).toEqual([{ reason: 'close() was called', error: null, sessions: [] }])
    expect(gateway.state).toBe('closed')
    expect(gateway.shards.every(({ state }) => state === 'closed')).toBe(true)
    expect(await failureOf(gateway.connect())).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
  })
})

/** Connections to the gateway so far, and any that was begun before this call. */
async function connectionsBegun(): Promise<number> {
  const socket = lab.transport.createWebSocket('wss://gateway.discord.gg/?v=10&encoding=json')
  await once(socket, 'message')
  socket.terminate()
  return lab.discord.gateway.allConnections.length - 1
}

describe('close() by a listener', () => {
  it.each([
    ['of READY is followed by no ready event', 'dispatch', 1],
    ['of debug opens nothing afterwards', 'debug', 0],
  ] as const)('%s', async (_, event, connections) => {
    lab = await GatewayLab.start()
    const gateway = lab.createGateway()
    let ready = 0
    gateway.on('ready', () => (ready += 1))
    const closed = next(gateway, 'closed')
    gateway.once(event, () => void gateway.close())
    connecting(gateway)
    await closed
    expect(ready).toBe(0)
    expect(await connectionsBegun()).toBe(connections)
  })

  it('that has just asked for a reconnect stands', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const closed = next(gateway, 'closed')
    gateway.once('reconnecting', () => {
      gateway.reconnect()
      queueMicrotask(() => void gateway.close())
    })
    lab.proxy.cut()
    await closed
    expect(await connectionsBegun()).toBe(1)
    expect(gateway.shards.map(({ state }) => state)).toEqual(['closed'])
  })
})
