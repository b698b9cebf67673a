import { GatewayDispatchEvents, GatewayOpcodes, PresenceUpdateStatus } from 'discord-api-types/v10'
import { describe, expect, it, vi } from 'vitest'
import { failureOf, next, recordDispatches, withLab } from './gateway-lab.js'

describe.concurrent('shards', () => {
  it("'auto' are as many as Discord recommends, and each gets what is its own", () =>
    withLab({}, async (lab) => {
      lab.discord.gateway.rules.requiredShards = 3
      lab.discord.gateway.sessionStarts.maxConcurrency = 3
      const gateway = await lab.connected({ shards: 'auto' })
      expect(gateway.shards.map(({ id, state }) => [id, state])).toEqual([
        [0, 'ready'],
        [1, 'ready'],
        [2, 'ready'],
      ])
      expect(gateway.sessions.map(({ shardId, shardCount }) => [shardId, shardCount])).toEqual([
        [0, 3],
        [1, 3],
        [2, 3],
      ])
      expect(lab.discord.gateway.sessionStarts.violations).toBe(0)
      const seenBy: number[] = []
      gateway.on('dispatch', ({ t }, shardId) => {
        if (t === GatewayDispatchEvents.MessageCreate) seenBy.push(shardId)
      })
      const dispatches = recordDispatches(gateway)
      lab.discord.sayAs(lab.discord.human, 'hello')
      await dispatches.waitFor(({ t }) => t === 'MESSAGE_CREATE')
      expect(seenBy).toEqual([gateway.shardOf(lab.discord.guildId)])
    }))

  it('[ids, total] are those only', () =>
    withLab({}, async (lab) => {
      lab.discord.gateway.sessionStarts.maxConcurrency = 16
      const gateway = await lab.connected({ shards: [[3, 5], 8] })
      // They may identify at the same time, so either may be first.
      const shards = lab.discord.gateway.sessions.map(({ shard }) => shard)
      expect(shards.sort()).toEqual([
        [3, 8],
        [5, 8],
      ])
      expect(gateway.shards).toHaveLength(2)
    }))

  it('identify a bucket at a time, and Discord has nothing to complain about', () =>
    withLab({}, async (lab) => {
      const { sessionStarts } = lab.discord.gateway
      sessionStarts.maxConcurrency = 2
      sessionStarts.enforce = true
      await lab.connected({ shards: 5 })
      expect(sessionStarts.violations).toBe(0)
      const at = lab.discord.gateway.identifies.map((identify) => identify.at)
      expect(at[2]! - at[0]!).toBeGreaterThanOrEqual(5_000)
      expect(at[4]! - at[2]!).toBeGreaterThanOrEqual(5_000)
    }))

  it('send what is for a guild on the shard of the guild', () =>
    withLab({}, async (lab) => {
      lab.discord.gateway.sessionStarts.maxConcurrency = 4
      const gateway = await lab.connected({ shards: 4 })
      const guild_id = String(2n << 22n)
      expect(gateway.shardOf(guild_id)).toBe(2)
      const voice = { guild_id, channel_id: null, self_mute: true, self_deaf: false }
      await Promise.all([
        gateway.updateVoiceState(voice),
        gateway.requestMembers({ guild_id, query: '', limit: 1 }),
      ])
      for (const op of [GatewayOpcodes.VoiceStateUpdate, GatewayOpcodes.RequestGuildMembers]) {
        const { connection } = await lab.discord.gateway.waitForPayload(op)
        expect(connection.session?.shard).toEqual([2, 4])
      }
    }))

  it('have each their own trouble', () =>
    withLab({}, async (lab) => {
      lab.discord.gateway.sessionStarts.maxConcurrency = 4
      const gateway = await lab.connected({ shards: 4 })
      const reconnected: number[] = []
      gateway.on('reconnecting', ({ shardId }) => reconnected.push(shardId))
      const resumed = next(gateway, 'resumed')
      lab.discord.gateway.sessions.find(({ shard }) => shard[0] === 2)!.connection!.terminate()
      expect(await resumed).toMatchObject({ shardId: 2 })
      expect(reconnected).toEqual([2])
      expect(gateway.state).toBe('ready')
    }))

  it('are all resumed by another client that is given their sessions', () =>
    withLab({}, async (lab) => {
      lab.discord.gateway.sessionStarts.maxConcurrency = 3
      const first = await lab.connected({ shards: 3 })
      await first.close({ keepSession: true })
      const second = await lab.connected({ shards: 3, session: first.sessions })
      expect(second.shards.every(({ state }) => state === 'ready')).toBe(true)
      expect(lab.discord.gateway.identifies).toHaveLength(3)
      expect(lab.discord.gateway.resumes).toHaveLength(3)
      expect(lab.discord.rest.requests.filter(({ route }) => route === '/gateway/bot')).toHaveLength(1)
    }))

  it('are asked for again where one was guessed and is too few', () =>
    withLab({}, async (lab) => {
      const { rest, gateway } = lab.discord
      gateway.rules.requiredShards = 2
      gateway.sessionStarts.maxConcurrency = 2
      rest.intercept('GET /gateway/bot', () => ({ status: 404 }), { times: 1 })
      const client = lab.createGateway({ shards: 'auto' })
      const states: string[] = []
      client.on('debug', (line) => states.push(`${client.state}: ${line}`))
      await client.connect()
      expect(client.shards.map(({ state }) => state)).toEqual(['ready', 'ready'])
      expect(states).toContain('connecting: one shard is too few: asking how many until Discord answers')
      // They may identify at the same time, so either may be first.
      const shards = gateway.sessions.map(({ shard }) => shard)
      expect(shards).toHaveLength(2)
      expect(shards).toEqual(
        expect.arrayContaining([
          [0, 2],
          [1, 2],
        ]),
      )
    }))

  it.each([
    ['another shard', 1],
    ['the shard of that number among more shards', 0],
  ])('say so where a session that was given is of none of them, but of %s', (_of, shardId) =>
    withLab({}, async (lab) => {
      const session = { id: 'a', sequence: 1, resumeUrl: 'wss://gateway.discord.gg', shardId }
      const gateway = lab.createGateway({ session: { ...session, shardCount: 2 } })
      const line = next(gateway, 'debug')
      await gateway.connect()
      expect(await line).toBe('1 of the given sessions belong to no shard of this client')
      expect(lab.discord.gateway.identifies).toHaveLength(1)
    }),
  )

  it('do not begin with the presence that was set on another', () =>
    withLab({}, async (lab) => {
      lab.discord.gateway.sessionStarts.maxConcurrency = 2
      const gateway = lab.createGateway({ shards: 2 })
      const presence = { since: null, afk: false, activities: [], status: PresenceUpdateStatus.Idle }
      await Promise.all([gateway.updatePresence(presence, 1), gateway.connect()])
      const { connection } = await lab.discord.gateway.waitForPayload(GatewayOpcodes.PresenceUpdate)
      expect(connection.session?.shard).toEqual([1, 2])
      const { identifies } = lab.discord.gateway
      expect(identifies).toHaveLength(2)
      for (const { data } of identifies) expect(data).not.toHaveProperty('presence')
    }))

  it('open no more than 32 connections at one time', () =>
    withLab({}, async (lab) => {
      lab.proxy.fault = { kind: 'request', verb: 'silence' }
      const session = Array.from({ length: 40 }, (_, shardId) => {
        const resumeUrl = `wss://${lab.discord.resumeHost}`
        return { id: `${shardId}`, sequence: 1, resumeUrl, shardId, shardCount: 40 }
      })
      const gateway = lab.createGateway({ shards: 40, session })
      let begun = 0
      gateway.on('debug', (line) => {
        if (line.startsWith('connecting to')) begun += 1
      })
      const connecting = failureOf(gateway.connect())
      await vi.waitUntil(() => begun >= 32)
      await new Promise(setImmediate)
      expect(begun).toBe(32)
      await gateway.close()
      await connecting
    }))

  it('wait for the reset when the session starts of the day are used up', () =>
    withLab({}, async (lab) => {
      const { sessionStarts } = lab.discord.gateway
      sessionStarts.remaining = 0
      sessionStarts.resetAfterMs = 600
      const gateway = lab.createGateway()
      const lines: string[] = []
      gateway.on('debug', (line) => lines.push(line))
      const since = performance.now()
      await gateway.connect()
      expect(performance.now() - since).toBeGreaterThanOrEqual(500)
      expect(lines).toContain('the session starts of today are used up: identifying in 1 s')
    }))
})
