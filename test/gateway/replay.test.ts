import { once } from 'node:events'
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
