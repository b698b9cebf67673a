import { afterEach, describe, expect, it } from 'vitest'
import { startSlowLine } from '../lab/slow-line.js'
import { GatewayLab, next, nextLine, recordDispatches, withLab } from './gateway-lab.js'

let lab: GatewayLab

afterEach(() => lab.close())

describe('a payload that takes longer than the ready timeout gets through, as long as more of it arrives:', () => {
  const SIZE = 200_000
  const BYTES_PER_SECOND = 160_000
  /** Half of what the payload takes. */
  const TIMEOUT_MS = 600

  it('a large READY', async () => {
    lab = await GatewayLab.start()
    await using line = await startSlowLine({ host: '127.0.0.1', port: lab.proxy.port }, BYTES_PER_SECOND)
    lab.transport.setProxy(`http://127.0.0.1:${line.port}`)
    Object.assign(lab.discord.user, { bio: 'x'.repeat(SIZE) })
    await lab.connected({ compression: 'none', gatewayReadyTimeoutMs: TIMEOUT_MS })
    expect(lab.discord.gateway.identifies).toHaveLength(1)
    await lab.transport.close()
  })

  it('one large event of a replay', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected({ compression: 'none', gatewayRuntimeReadyTimeoutMs: TIMEOUT_MS })
    const dispatches = recordDispatches(gateway)
    await using line = await startSlowLine({ host: '127.0.0.1', port: lab.proxy.port }, BYTES_PER_SECOND)
    const resumed = next(gateway, 'resumed')
    lab.discord.gateway.connections[0]!.freeze()
    lab.discord.gateway.dispatch('LAB', 'x'.repeat(SIZE))
    lab.transport.setProxy(`http://127.0.0.1:${line.port}`)
    await resumed
    expect(dispatches.all.filter(({ t }) => t === 'LAB')).toHaveLength(1)
    expect(lab.discord.gateway.resumes).toHaveLength(1)
    await lab.transport.close()
  })
})

describe('RESUMED ends a replay', () => {
  it.each(['same', null] as const)('also when its sequence is %s', async (sequence) => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected({ gatewayRuntimeReadyTimeoutMs: 1_000 })
    const dispatches = recordDispatches(gateway)
    lab.discord.gateway.resumedSequence = sequence
    const resumed = next(gateway, 'resumed')
    lab.discord.gateway.dispatch('LAB', 1)
    lab.discord.gateway.terminateAll()
    lab.discord.gateway.dispatch('LAB', 2)
    await resumed
    lab.discord.gateway.dispatch('LAB', 3)
    await dispatches.waitFor(({ d }) => d === 3)
    expect(dispatches.all.filter(({ t }) => t === 'LAB').map(({ d }) => d)).toEqual([1, 2, 3])
    expect(lab.discord.gateway.resumes).toHaveLength(1)
  })
})

describe.concurrent('an invalid session is followed by an Identify a second later or more,', () => {
  it.each([
    ['setProxy()', (own: GatewayLab) => own.transport.setProxy(own.proxy.url)],
    [
      'reconnect()',
      (_: GatewayLab, gateway: Awaited<ReturnType<GatewayLab['connected']>>) => gateway.reconnect(),
    ],
  ])('also when %s comes meanwhile', (_, act) =>
    withLab({}, async (own) => {
      const gateway = await own.connected()
      // The window of max_concurrency would keep the next Identify back as well.
      await new Promise((resolve) => setTimeout(resolve, 5_600))
      const reconnecting = next(gateway, 'reconnecting')
      own.discord.gateway.invalidSession(false)
      await reconnecting
      const invalidAt = Date.now()
      const again = next(gateway, 'ready')
      act(own, gateway)
      await again
      expect(own.discord.gateway.identifies[1]!.at - invalidAt).toBeGreaterThanOrEqual(950)
    }),
  )
})

it('a shard opens no connection long before it may identify', async () => {
  lab = await GatewayLab.start()
  await lab.connected({ shards: 2 })
  const [first, second] = lab.discord.gateway.identifies
  expect(second!.at - second!.connection.openedAt).toBeLessThan(3_000)
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(5_000)
})

it('a 429 of /gateway/bot is waited for', async () => {
  lab = await GatewayLab.start()
  lab.discord.rest.rateLimitOnce('GET /gateway/bot', { retryAfter: 0.7 })
  const gateway = lab.createGateway()
  const lines: string[] = []
  gateway.on('debug', (line) => lines.push(line))
  await gateway.connect()
  const [first, second] = lab.discord.rest.requests
  expect(lab.discord.rest.requests).toHaveLength(2)
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(690)
  expect(lines.filter((line) => line.includes('failed'))).toEqual([])
})

describe('the token goes to no host but those of Discord', () => {
  it.each(['wss://gateway.discord.gg.evil.example', 'wss://evil.example', 'wss://discord.gg@evil.example'])(
    'when READY names %s',
    async (url) => {
      lab = await GatewayLab.start()
      const gateway = await lab.connected({ compression: 'none' })
      const d = { session_id: gateway.session?.id, resume_gateway_url: url }
      const ready = next(gateway, 'ready')
      lab.discord.gateway.connections[0]!.sendText(JSON.stringify({ op: 0, t: 'READY', s: 2, d }))
      await ready
      expect(gateway.session?.resumeUrl).toBe('wss://gateway.discord.gg/')
    },
  )

  it('when a session that was given names another one', async () => {
    lab = await GatewayLab.start()
    const session = { id: 'a', sequence: 1, resumeUrl: 'wss://evil.example', shardId: 0, shardCount: 1 }
    const gateway = lab.createGateway({ session })
    const line = nextLine(gateway, 'connecting to')
    await gateway.connect()
    expect(await line).toBe('connecting to gateway.discord.gg')
    expect(lab.proxy.established.map(({ target }) => target?.host)).not.toContain('evil.example')
  })
})

it('a turn to identify may come later than gatewayReadyTimeoutMs', async () => {
  lab = await GatewayLab.start()
  const causes: string[] = []
  const gateway = lab.createGateway({
    gatewayReadyTimeoutMs: 200,
    identifyThrottler: {
      waitForIdentify: () => {
        causes.length = 0
        return new Promise((resolve) => setTimeout(resolve, 500))
      },
    },
  })
  gateway.on('disconnected', ({ cause }) => causes.push(cause))
  gateway.connect().catch(() => undefined)
  await lab.discord.gateway.waitForIdentify()
  expect(causes).toEqual([])
})

it('a resume may take gatewayRuntimeReadyTimeoutMs where that is longer than gatewayReadyTimeoutMs', async () => {
  lab = await GatewayLab.start()
  const gateway = await lab.connected({ gatewayReadyTimeoutMs: 300, gatewayRuntimeReadyTimeoutMs: 20_000 })
  const causes: string[] = []
  gateway.on('disconnected', ({ cause }) => causes.push(cause))
  const nth = lab.discord.gateway.allConnections.length + 1
  const resumed = next(gateway, 'resumed')
  lab.proxy.cut()
  const connection = await lab.discord.gateway.waitForConnection({ nth })
  connection.freeze()
  setTimeout(() => connection.thaw(), 600)
  await resumed
  expect(causes).toEqual(['connection-lost'])
})
