import { describe, expect, test } from 'vitest'
import type { TransportEvent } from '../../src/index.js'
import {
  FACES,
  failureOf,
  getByAgent,
  getByDispatcher,
  getByFetch,
  helloByWebSocket,
} from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

/** Whether the event says of the tunnel that it took no longer than all since `startedAt`. */
function tookItsTime(event: TransportEvent, startedAt: number): boolean {
  return 'ms' in event && event.ms > 0 && event.ms <= performance.now() - startedAt
}

describe('onEvent', () => {
  test('is told of each tunnel that opens and closes, with its bytes', async () => {
    const { transport, proxy, events, headers } = await startLab()
    const startedAt = performance.now()
    await getByFetch(transport, USERS_ME, headers)
    await helloByWebSocket(transport)
    await transport.close()
    const of = <Type extends TransportEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<TransportEvent, { type: Type }> => event.type === type)
    const targets = ['discord.com:443', 'gateway.discord.gg:443']
    expect(of('tunnel-open').map(({ target }) => target)).toEqual(targets)
    expect(
      of('tunnel-close')
        .map(({ target }) => target)
        .sort(),
    ).toEqual(targets)
    for (const event of events) expect(event).toMatchObject({ proxy: proxy.url })
    for (const event of of('tunnel-open')) expect(event).toSatisfy(() => tookItsTime(event, startedAt))
    for (const event of of('tunnel-close')) {
      expect(event).toMatchObject({ bytesSent: expect.any(Number) as number })
      expect((event as { bytesSent: number }).bytesSent).toBeGreaterThan(100)
    }
  })

  test('is told of each tunnel that fails, with the code and phase of the error', async () => {
    const { transport, events } = await startLab({ fault: { kind: 'status', status: 403 } })
    const startedAt = performance.now()
    for (const reach of Object.values(FACES)) await failureOf(reach(transport))
    const tunnels = events.filter(({ type }) => type !== 'request')
    expect(tunnels).toHaveLength(4)
    for (const event of tunnels) {
      expect(event).toMatchObject({ type: 'tunnel-failed', code: 'ERR_PROXY_DENIED', phase: 'tunnel' })
      expect(event).toSatisfy(() => tookItsTime(event, startedAt))
    }
  })

  test('that throws breaks no tunnel: its error is an uncaught exception', async () => {
    const boom = new Error('boom')
    const { transport, headers } = await startLab({
      transport: {
        onEvent: () => {
          throw boom
        },
      },
    })
    const listeners = process.listeners('uncaughtException')
    const caught: unknown[] = []
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => caught.push(error))
    try {
      expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
      await helloByWebSocket(transport)
      await transport.close()
      await new Promise((resolve) => setImmediate(resolve))
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
    expect(caught.length).toBeGreaterThanOrEqual(4)
    expect(new Set(caught)).toEqual(new Set([boom]))
  })
})

describe('stats()', () => {
  test('counts requests and tunnels of both faces, and bytes on the wire', async () => {
    const { transport, proxy, headers } = await startLab()
    expect(transport.stats()).toEqual({
      requests: 0,
      tunnels: { opened: 0, open: 0, reused: 0, failed: 0 },
      bytes: { sent: 0, received: 0 },
      proxies: [{ proxy: proxy.url, state: 'up', tunnels: { opened: 0, open: 0, failed: 0 } }],
      proxyEvents: { 'proxy-down': 0, 'proxy-up': 0, 'proxy-change': 0 },
    })
    for (let round = 0; round < 3; round++) {
      await getByDispatcher(transport, USERS_ME, headers)
      await getByAgent(transport, USERS_ME, { headers })
    }
    await helloByWebSocket(transport)
    expect(transport.stats()).toMatchObject({
      requests: 7,
      tunnels: { opened: 3, open: 2, reused: 4, failed: 0 },
      proxies: [{ proxy: proxy.url, tunnels: { opened: 3, open: 2, failed: 0 } }],
    })
    const { sent, received } = transport.stats().bytes
    const sum = (field: 'bytesUp' | 'bytesDown'): number =>
      proxy.connections.reduce((total, connection) => total + connection[field], 0)
    expect(sent).toBeGreaterThanOrEqual(sum('bytesUp'))
    expect(received).toBeGreaterThanOrEqual(sum('bytesDown'))
  })

  test('counts failures', async () => {
    const { transport } = await startLab({ fault: { kind: 'request', verb: 'close' } })
    for (const reach of Object.values(FACES)) await failureOf(reach(transport))
    expect(transport.stats().tunnels).toEqual({ opened: 0, open: 0, reused: 0, failed: 4 })
  })

  test('keeps the bytes of tunnels that are closed', async () => {
    const { transport, headers } = await startLab()
    await getByFetch(transport, USERS_ME, headers)
    const before = transport.stats().bytes
    await transport.close()
    expect(transport.stats().bytes.received).toBeGreaterThanOrEqual(before.received)
    expect(before.received).toBeGreaterThan(500)
  })
})
