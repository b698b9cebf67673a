import { afterEach, describe, expect, it } from 'vitest'
import { watchedPorts } from '../../src/tunnel/proxies/port-watch.js'
import type { LabProxy } from '../lab/proxy/index.js'
import { FULL } from '../support/matrix.js'
import { GatewayLab, next } from './gateway-lab.js'

/** The first CONNECT follows the answer of the port within so long. */
const RETURN_MS = 1_200

const OUTAGES: [name: string, ms: number][] = [
  ['a second', 1_000],
  ['some seconds', 4_000],
]
// Its port is looked at every second by then.
if (FULL) OUTAGES.push(['more than a minute', 75_000])

let lab: GatewayLab

afterEach(async () => {
  await lab.close()
  expect(watchedPorts()).toBe(0)
})

async function connectAt(proxy: LabProxy): Promise<number> {
  await proxy.waitForConnection(({ target }) => target !== null)
  return performance.now()
}

describe('a gateway whose proxy is gone', () => {
  it.each(OUTAGES)(
    'sends its CONNECT within 1.2 s of the answer of the port, after %s',
    async (_long, outageMs) => {
      lab = await GatewayLab.start()
      // The back-off of the defaults, which would wait for longer.
      const gateway = await lab.connected({ backoffBaseMs: 30_000, backoffMaxMs: 600_000 })
      const { port } = lab.proxy
      const reconnecting = next(gateway, 'reconnecting')
      await lab.proxy.close()
      expect(await reconnecting).toMatchObject({ resume: true })
      await new Promise((resolve) => setTimeout(resolve, outageMs))
      const resumed = next(gateway, 'resumed')
      const returned = await lab.addProxy({ port })
      const listensAt = performance.now()
      expect((await connectAt(returned)) - listensAt).toBeLessThan(RETURN_MS)
      await resumed
    },
    120_000,
  )

  it('begins as soon as its proxy is there, where it was not there at the start', async () => {
    lab = await GatewayLab.start({}, { connectTimeoutMs: 10_000 })
    const { port } = lab.proxy
    await lab.proxy.close()
    const gateway = lab.createGateway()
    const connected = gateway.connect()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    const returned = await lab.addProxy({ port })
    const listensAt = performance.now()
    expect((await connectAt(returned)) - listensAt).toBeLessThan(RETURN_MS)
    await connected
  })
})
