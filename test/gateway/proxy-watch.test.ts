import { createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { TransportEvent } from '../../src/index.js'
import { watchedPorts } from '../../src/tunnel/proxies/port-watch.js'
import { watchConnects } from '../support/connects.js'
import { GatewayLab, next, recordDispatches } from './gateway-lab.js'

let lab: GatewayLab

afterEach(async () => {
  await lab.close()
  expect(watchedPorts()).toBe(0)
})

/** Counts the TCP connections that this process begins from now on. */
function countDials(): () => number {
  let dials = 0
  watchConnects(() => (dials += 1))
  return () => dials
}

describe('a gateway whose proxy is gone', () => {
  it('says that it waits for the proxy, and 40 shards look at its port as one', async () => {
    lab = await GatewayLab.start()
    lab.discord.gateway.sessionStarts.maxConcurrency = 40
    const gateway = await lab.connected({ shards: 40 })
    const { port } = lab.proxy
    const waiting: unknown[] = []
    gateway.on('reconnecting', (reconnecting) => waiting.push(reconnecting.awaitsProxy))
    await lab.proxy.close()
    await vi.waitUntil(() => waiting.filter((awaits) => awaits === true).length === 40, { timeout: 10_000 })
    expect(watchedPorts()).toBe(1)
    const dials = countDials()
    const beganAt = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    const seconds = (performance.now() - beganAt) / 1_000
    expect(dials()).toBeGreaterThanOrEqual(3)
    expect(dials()).toBeLessThanOrEqual(Math.ceil(seconds * 2) + 1)
    let resumed = 0
    gateway.on('resumed', () => (resumed += 1))
    await lab.addProxy({ port })
    await vi.waitUntil(() => resumed === 40, { timeout: 20_000 })
  })

  it('sends nothing to the port that it looks at, and backs off where the handshake fails', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected({ backoffBaseMs: 400, backoffMaxMs: 1_000 })
    const { port } = lab.proxy
    const kinds: boolean[] = []
    gateway.on('reconnecting', ({ awaitsProxy }) => kinds.push(awaitsProxy))
    await lab.proxy.close()
    await vi.waitUntil(() => kinds.includes(true))
    const received: number[] = []
    const server = createServer((socket) => {
      let bytes = 0
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        bytes += chunk.length
        socket.end('no proxy\r\n')
      })
      socket.on('close', () => received.push(bytes))
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    // The first connection is the look, which sends nothing; the others are attempts with back-off.
    await vi.waitUntil(() => received.length >= 3, { timeout: 10_000 })
    expect(received[0]).toBe(0)
    expect(received.slice(1).every((bytes) => bytes > 0)).toBe(true)
    expect(kinds.slice(-1)).toEqual([false])
    server.close()
    await vi.waitUntil(() => kinds.at(-1) === true, { timeout: 10_000 })
    const resumed = next(gateway, 'resumed')
    await lab.addProxy({ port })
    await resumed
  })

  it('leaves no look behind when it is closed', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const waiting = new Promise((resolve) => {
      gateway.on('reconnecting', ({ awaitsProxy }) => {
        if (awaitsProxy) resolve(undefined)
      })
    })
    await lab.proxy.close()
    await waiting
    expect(watchedPorts()).toBe(1)
    await gateway.close()
    expect(watchedPorts()).toBe(0)
  })
})

describe('a gateway with a list of proxies', () => {
  it('resumes through the next within 2 s of the death of its proxy, loses no event, and stays there', async () => {
    const events: TransportEvent[] = []
    lab = await GatewayLab.start({}, { onEvent: (event) => events.push(event) })
    const second = await lab.addProxy({ scheme: 'socks5' })
    lab.transport.setProxy([lab.proxy.url, second.url])
    const gateway = await lab.connected()
    const dispatches = recordDispatches(gateway)
    lab.discord.gateway.dispatch('TYPING_START', { round: 1 })
    const resumed = next(gateway, 'resumed')
    const diedAt = performance.now()
    await lab.proxy.close()
    lab.discord.gateway.dispatch('TYPING_START', { round: 2 })
    await resumed
    expect(performance.now() - diedAt).toBeLessThan(2_000)
    await dispatches.waitFor(({ d }) => JSON.stringify(d) === '{"round":2}')
    const rounds = dispatches.all.filter(({ t }) => t === 'TYPING_START').map(({ d }) => d)
    expect(rounds).toEqual([{ round: 1 }, { round: 2 }])
    expect(lab.transport.proxy?.url).toBe(second.url)
    // Its errors name the proxy that it took, although the first was expected to carry it.
    const broken = next(gateway, 'disconnected')
    second.cut()
    expect(await broken).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', proxy: second.url } })
    await next(gateway, 'resumed')
    // The first returns, and the gateway that runs stays where it is.
    const carrying = second.openCount
    const disconnected = vi.fn()
    gateway.on('disconnected', disconnected)
    await lab.addProxy({ port: lab.proxy.port })
    await vi.waitUntil(() => events.some(({ type }) => type === 'proxy-up'), { timeout: 5_000 })
    expect(lab.transport.proxy?.url).toBe(lab.proxy.url)
    expect(disconnected).not.toHaveBeenCalled()
    expect(second.openCount).toBeGreaterThanOrEqual(Math.min(1, carrying))
  })
})
