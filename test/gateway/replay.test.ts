import { once } from 'node:events'
import { GatewayOpcodes } from 'discord-api-types/v10'
import { afterEach, describe, expect, it } from 'vitest'
import type { GatewaySession } from '../../src/index.js'
import { GatewayLab, next, recordDispatches } from './gateway-lab.js'

let lab: GatewayLab

afterEach(() => lab.close())

/** Reconnects, so that a RESUMED stands among the events of the session, and leaves the session at Discord. */
async function sessionWithResumed(): Promise<GatewaySession> {
  lab = await GatewayLab.start()
  const gateway = lab.createGateway()
  const guild = recordDispatches(gateway).waitFor(({ t }) => t === 'GUILD_CREATE')
  await gateway.connect()
  await guild
  const before = gateway.session!
  lab.discord.gateway.dispatch('LAB', 1)
  await once(gateway, 'dispatch')
  const resumed = next(gateway, 'resumed')
  lab.proxy.cut()
  await resumed
  lab.discord.gateway.dispatch('LAB', 2)
  await once(gateway, 'dispatch')
  await gateway.close({ keepSession: true })
  return before
}

describe('a replay of events that an earlier owner may have handled', () => {
  it('is marked as a whole, also behind the RESUMED of that owner, until a heartbeat is acknowledged', async () => {
    const session = await sessionWithResumed()
    const gateway = lab.createGateway({ session: { ...session, handedOver: false } })
    const seen: [string, boolean][] = []
    gateway.on('dispatch', ({ t }, _shard, _raw, { replayed }) => seen.push([t, replayed]))
    await gateway.connect()
    expect(gateway.session).toHaveProperty('handedOver', false)
    await expect.poll(() => gateway.session).not.toHaveProperty('handedOver')
    expect(seen).toEqual(['LAB', 'RESUMED', 'LAB', 'RESUMED'].map((t) => [t, true]))
    lab.discord.gateway.dispatch('LAB', 3)
    await once(gateway, 'dispatch')
    expect(seen.at(-1)).toEqual(['LAB', false])
  })

  it('is not ended by the acknowledgement of a heartbeat that was sent before', async () => {
    const session = await sessionWithResumed()
    const { gateway: discord } = lab.discord
    discord.stopAcknowledging()
    const gateway = lab.createGateway({ session: { ...session, handedOver: false } })
    const marks = new Map<unknown, boolean>()
    gateway.on('dispatch', ({ d }, _shard, _raw, { replayed }) => marks.set(d, replayed))
    const before = discord.allConnections.length
    const connected = gateway.connect()
    const connection = await discord.waitForConnection({ nth: before + 1 })
    connection.requestHeartbeat()
    await connected
    // The one that Discord asked for, and the one that is to end the replay.
    await expect.poll(() => connection.heartbeats).toBe(2)
    for (const number of [3, 4]) {
      connection.send(GatewayOpcodes.HeartbeatAck)
      discord.dispatch('LAB', number)
    }
    await expect.poll(() => marks.get(4)).toBeDefined()
    expect([marks.get(3), marks.get(4)]).toEqual([true, false])
  })

  it('is over where Discord has a new session begin: none of its events is marked', async () => {
    lab = await GatewayLab.start()
    const resumeUrl = `wss://${lab.discord.resumeHost}`
    const session = { id: 'abc', sequence: 7, resumeUrl, shardId: 0, shardCount: 1, handedOver: false }
    const gateway = lab.createGateway({ session })
    const seen: [string, boolean][] = []
    gateway.on('dispatch', ({ t }, _shard, _raw, { replayed }) => seen.push([t, replayed]))
    const connected = gateway.connect()
    // Otherwise it would be an invalid session, after which an Identify has to wait for a second or more.
    ;(await lab.discord.gateway.waitForConnection()).close(4009)
    await connected
    lab.discord.gateway.dispatch('LAB', 1)
    await expect.poll(() => seen.length).toBe(3)
    expect(seen).toEqual(['READY', 'GUILD_CREATE', 'LAB'].map((t) => [t, false]))
    expect(gateway.session).not.toHaveProperty('handedOver')
  })

  it('is not marked where the session was handed over', async () => {
    const session = await sessionWithResumed()
    const gateway = lab.createGateway({ session })
    const seen: boolean[] = []
    gateway.on('dispatch', (_payload, _shard, _raw, { replayed }) => seen.push(replayed))
    await gateway.connect()
    lab.discord.gateway.dispatch('LAB', 3)
    await once(gateway, 'dispatch')
    expect(new Set(seen)).toEqual(new Set([false]))
  })
})

it('each resume tells how many events it has replayed, those of earlier ones not among them', async () => {
  lab = await GatewayLab.start()
  const gateway = await lab.connected()
  await recordDispatches(gateway).waitFor(({ t }) => t === 'GUILD_CREATE')
  for (const replayed of [3, 1, 0]) {
    const resumed = next(gateway, 'resumed')
    lab.discord.gateway.terminateAll()
    for (let count = 0; count < replayed; count += 1) lab.discord.gateway.dispatch('LAB', count)
    expect(await resumed).toEqual({ shardId: 0, replayed })
  }
})
