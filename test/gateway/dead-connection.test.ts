import { afterEach, describe, expect, it } from 'vitest'
import { GatewayLab, next } from './gateway-lab.js'

let lab: GatewayLab

afterEach(() => lab.close())

describe('a dead connection', () => {
  it.each([
    ['Discord stands still', () => lab.discord.gateway.freeze()],
    ['the proxy vanishes without a FIN', () => lab.proxy.freeze()],
  ])('is noticed within one heartbeat interval: %s', async (_, vanish) => {
    const heartbeatIntervalMs = 1_200
    lab = await GatewayLab.start({ heartbeatIntervalMs })
    const gateway = await lab.connected()
    // From here on each part of the interval counts, whatever the jitter was.
    await lab.discord.gateway.waitForPayload(1)
    const reconnecting = next(gateway, 'reconnecting')
    const since = performance.now()
    vanish()
    expect(await reconnecting).toMatchObject({
      error: { name: 'TransportError', code: 'ERR_CONNECTION_LOST' },
      resume: true,
    })
    expect(performance.now() - since).toBeLessThan(heartbeatIntervalMs)
    lab.proxy.thaw()
    await next(gateway, 'resumed')
  })
})
