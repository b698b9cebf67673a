import { ActivityType, GatewayOpcodes, PresenceUpdateStatus } from 'discord-api-types/v10'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GatewayClient } from '../../src/gateway/index.js'
import { failureOf, GatewayLab, next } from './gateway-lab.js'

const presence = {
  since: null,
  afk: false,
  activities: [{ name: 'chess', type: ActivityType.Playing }],
  status: PresenceUpdateStatus.Idle,
}

let lab: GatewayLab
let gateway: GatewayClient

beforeEach(async () => {
  lab = await GatewayLab.start()
  gateway = await lab.connected()
})

afterEach(() => lab.close())

describe('a gateway sends', () => {
  it.each([1, 'auto'] as const)(
    'what was handed to it right after connect(), in order, with shards %s',
    async (shards) => {
      const early = lab.createGateway({ shards })
      const connected = early.connect()
      const query = (text: string): Promise<void> =>
        early.requestMembers({ guild_id: lab.discord.guildId, query: text, limit: 1 })
      const sent = [query('first'), query('second')]
      await connected
      await Promise.all([...sent, query('third')])
      await lab.discord.gateway.waitForPayload(GatewayOpcodes.RequestGuildMembers, { nth: 3 })
      const requestOpcode: number = GatewayOpcodes.RequestGuildMembers
      const queries = lab.discord.gateway.payloads.filter(({ op }) => op === requestOpcode).map(({ d }) => d)
      expect(queries).toMatchObject([{ query: 'first' }, { query: 'second' }, { query: 'third' }])
    },
  )

  it('a presence, a voice state and a request for members', async () => {
    const guildId = lab.discord.guildId
    await gateway.updatePresence(presence)
    await gateway.updateVoiceState({ guild_id: guildId, channel_id: null, self_mute: true, self_deaf: false })
    await gateway.requestMembers({ guild_id: guildId, query: '', limit: 0 })
    const [p, v, m] = await Promise.all([
      lab.discord.gateway.waitForPayload(GatewayOpcodes.PresenceUpdate),
      lab.discord.gateway.waitForPayload(GatewayOpcodes.VoiceStateUpdate),
      lab.discord.gateway.waitForPayload(GatewayOpcodes.RequestGuildMembers),
    ])
    expect(p.d).toEqual(presence)
    expect(v.d).toMatchObject({ guild_id: guildId, self_mute: true })
    expect(m.d).toEqual({ guild_id: guildId, query: '', limit: 0 })
  })

  it('a burst without ever being closed for it, and heartbeats among it', async () => {
    for (let count = 0; count < 200; count += 1)
      void gateway
        .requestMembers({ guild_id: lab.discord.guildId, query: `${count}`, limit: 1 })
        .catch(() => undefined)
    await lab.discord.gateway.waitForPayload(GatewayOpcodes.RequestGuildMembers, { nth: 100 })
    lab.discord.gateway.requestHeartbeat()
    await lab.discord.gateway.waitForPayload(GatewayOpcodes.Heartbeat)
    expect(gateway.state).toBe('ready')
    expect(gateway.queuedSends).toBeGreaterThan(80)
    expect(lab.discord.gateway.allConnections).toHaveLength(1)
  })

  it('what was queued during a reconnect, once the session is back', async () => {
    const reconnecting = next(gateway, 'reconnecting')
    lab.proxy.cut()
    await reconnecting
    await gateway.updatePresence(presence)
    expect(lab.discord.gateway.resumes).toHaveLength(1)
    await lab.discord.gateway.waitForPayload(GatewayOpcodes.PresenceUpdate)
  })

  it('the presence of now with a new session', async () => {
    await gateway.updatePresence(presence)
    const ready = next(gateway, 'ready')
    gateway.reconnect({ resume: false })
    await ready
    expect(lab.discord.gateway.identifies[1]?.data).toMatchObject({ presence })
  })

  it('nothing that Discord would close the connection for', async () => {
    const d = { guild_id: lab.discord.guildId, query: 'x'.repeat(4_096), limit: 1 }
    const error = await failureOf(gateway.send({ op: GatewayOpcodes.RequestGuildMembers, d }))
    expect(error).toMatchObject({ name: 'GatewayError', code: 'ERR_GATEWAY_SEND' })
  })

  it('no presence that every later Identify would be refused for', async () => {
    const large = { ...presence, activities: [{ name: 'x'.repeat(5_000), type: ActivityType.Playing }] }
    expect(await failureOf(gateway.updatePresence(large))).toMatchObject({ code: 'ERR_GATEWAY_SEND' })
    const ready = next(gateway, 'ready')
    gateway.reconnect({ resume: false })
    await ready
    expect(lab.discord.gateway.identifies[1]?.data).not.toHaveProperty('presence')
  })

  it('nothing to a guild that is none', async () => {
    for (const guild_id of ['', 'x', '-1', '0x1', '1'.repeat(21)]) {
      const error = await failureOf(gateway.requestMembers({ guild_id, query: '', limit: 0 }))
      expect(error).toMatchObject({
        code: 'ERR_GATEWAY_SEND',
        message: 'guild_id: must be the id of a guild',
      })
    }
  })

  it('nothing after close(), also where it never connected', async () => {
    const unused = lab.createGateway()
    await Promise.all([gateway.close(), unused.close()])
    for (const client of [gateway, unused]) {
      const error = await failureOf(client.send({ op: GatewayOpcodes.PresenceUpdate, d: presence }))
      expect(error).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
    }
  })

  it('nothing for a shard that runs elsewhere', async () => {
    const error = await failureOf(gateway.updatePresence(presence, 7))
    expect(error).toMatchObject({ code: 'ERR_GATEWAY_SEND', message: 'No such shard runs in this client' })
  })
})
