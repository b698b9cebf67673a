import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { DiscordTransport } from '../../src/index.js'
import { CDN_HOST, REST_HOST } from '../lab/discord/index.js'
import type { LabConnection, LabScheme } from '../lab/proxy/index.js'
import { getByFetch } from '../support/faces.js'
import { GATEWAY, startLab, USERS_ME, type Lab } from '../support/lab.js'
import { say as sayBy } from '../support/say.js'
import { recordFlights } from './support/flight-recorder.js'

const toRest = ({ target, established }: LabConnection): boolean => established && target?.host === REST_HOST
const openToRest = (connection: LabConnection): boolean => toRest(connection) && connection.open

/** A message; its body makes it a request that nothing may repeat by itself. */
async function say(lab: Lab, transport: DiscordTransport, content = 'hello'): Promise<void> {
  expect(await sayBy(lab, content, { transport })).toBe(200)
}

/** A gateway socket that has been greeted. */
async function openGateway(
  transport: DiscordTransport,
): Promise<ReturnType<DiscordTransport['createWebSocket']>> {
  const socket = transport.createWebSocket(GATEWAY)
  await once(socket, 'message')
  return socket
}

describe('a cold send takes no more round trips than the protocols need', () => {
  // TCP, the proxy's own, TLS 1.3 to Discord, the request.
  test.each<[LabScheme, number]>([
    ['http', 1 + 1 + 1 + 1],
    ['https', 1 + (1 + 1) + 1 + 1],
    ['socks4a', 1 + 1 + 1 + 1],
    ['socks5', 1 + (1 + 1) + 1 + 1],
  ])('%s: %i', async (scheme, least) => {
    const lab = await startLab({ scheme })
    const flights = await recordFlights(lab.proxy.url)
    const transport = lab.createTransport({ proxy: flights.url })
    await say(lab, transport)
    expect(flights.roundTrips).toBe(least)
    flights.reset()
    await say(lab, transport, 'and again')
    expect(flights.roundTrips).toBe(1)
  })
})

describe('after transport.warm() the first send costs one round trip', () => {
  test.each<LabScheme>(['http', 'https', 'socks4a', 'socks5'])('%s', async (scheme) => {
    const lab = await startLab({ scheme })
    const flights = await recordFlights(lab.proxy.url)
    const transport = lab.createTransport({ proxy: flights.url })
    await transport.warm()
    flights.reset()
    await say(lab, transport)
    expect(flights).toMatchObject({ roundTrips: 1, connections: 0 })
  })

  test('a second warm() opens nothing', async () => {
    const { transport, proxy } = await startLab()
    await transport.warm()
    await transport.warm()
    expect(proxy.connections).toHaveLength(1)
  })

  test('one tunnel for each origin that is named', async () => {
    const { transport, proxy } = await startLab()
    await transport.warm([`https://${CDN_HOST}/attachments`, USERS_ME, 'https://discord.com'])
    expect(proxy.established.map(({ target }) => target?.host).sort()).toEqual([CDN_HOST, REST_HOST])
  })
})

describe('a tunnel that stands ready is known to be gone before a send is put on it', () => {
  test.each<['FIN' | 'RST', 'close' | 'reset', string, boolean]>([
    ['FIN', 'close', 'never used', false],
    ['RST', 'reset', 'never used', false],
    ['FIN', 'close', 'used before', true],
    ['RST', 'reset', 'used before', true],
  ])('%s from the proxy (%s), tunnel %s', async (_name, how, _state, used) => {
    const lab = await startLab()
    const { transport, proxy, discord } = lab
    if (used) await say(lab, transport)
    else await transport.warm()
    proxy.cut(undefined, how)
    await expect.poll(() => transport.stats().tunnels.open).toBe(0)

    await say(lab, transport, 'after the cut')
    expect(proxy.established).toHaveLength(2)
    const said = discord.rest.requests.filter(({ json }) => JSON.stringify(json).includes('after the cut'))
    expect(said).toHaveLength(1)
  })

  test('one that Discord closed', async () => {
    const lab = await startLab()
    await lab.transport.warm()
    lab.discord.rest.connections.destroyAll()
    await expect.poll(() => lab.transport.stats().tunnels.open).toBe(0)
    await say(lab, lab.transport)
  })

  test('one that nobody used for keepAliveMs is closed: it may be gone beyond a proxy that keeps silent', async () => {
    const { transport, proxy } = await startLab({ transport: { keepAliveMs: 40 } })
    await transport.warm()
    const [connection] = proxy.connections
    await connection?.closed
    await expect.poll(() => transport.stats().tunnels.open).toBe(0)
  })
})

describe('while a gateway socket is open, a tunnel for REST stands ready', () => {
  test('the first send after the gateway is open costs one round trip', async () => {
    const lab = await startLab()
    const flights = await recordFlights(lab.proxy.url)
    const transport = lab.createTransport({ proxy: flights.url, keepWarm: true })
    await openGateway(transport)
    await lab.proxy.waitForConnection(toRest)
    await expect.poll(() => transport.stats().tunnels.open).toBe(2)
    flights.reset()
    await say(lab, transport)
    expect(flights).toMatchObject({ roundTrips: 1, connections: 0 })
  })

  test.each<[string, { keepWarm: boolean }, boolean]>([
    ['keepWarm is off', { keepWarm: false }, true],
    ['no gateway socket is open', { keepWarm: true }, false],
  ])('not where %s', async (_name, options, gateway) => {
    const lab = await startLab()
    const transport = lab.createTransport(options)
    if (gateway) await openGateway(transport)
    // Round trips enough for a tunnel to have been asked for.
    await getByFetch(transport, `https://${CDN_HOST}/nothing`)
    await getByFetch(transport, `https://${CDN_HOST}/nothing`)
    expect(lab.proxy.connections.filter(({ target }) => target?.host === REST_HOST)).toEqual([])
  })

  test('not for a WebSocket to somebody else', async () => {
    const lab = await startLab()
    const transport = lab.createTransport({ keepWarm: true })
    const socket = transport.createWebSocket('wss://discord.com/not-the-gateway')
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('close', resolve))
    await getByFetch(transport, `https://${CDN_HOST}/nothing`)
    expect(transport.stats().tunnels.open).toBe(1)
  })

  test.each<['close' | 'reset']>([['close'], ['reset']])(
    'after hours of silence, in which everybody closes what is idle (%s), the first reply costs one round trip',
    async (how) => {
      const lab = await startLab()
      const flights = await recordFlights(lab.proxy.url)
      const transport = lab.createTransport({ proxy: flights.url, keepWarm: true })
      await openGateway(transport)
      const first = await lab.proxy.waitForConnection(openToRest)
      await expect.poll(() => transport.stats().tunnels.open).toBe(2)
      lab.proxy.cut(openToRest, how)
      await first.closed
      const second = await lab.proxy.waitForConnection((one) => openToRest(one) && one.id > first.id)
      await expect.poll(() => transport.stats().tunnels.open).toBe(2)
      flights.reset()
      await say(lab, transport)
      expect(flights).toMatchObject({ roundTrips: 1, connections: 0 })
      expect(second.open).toBe(true)
    },
  )

  test('one that was used and fell idle is followed by a fresh one', async () => {
    const lab = await startLab()
    const transport = lab.createTransport({ keepWarm: true, keepAliveMs: 300 })
    await openGateway(transport)
    await say(lab, transport)
    const used = await lab.proxy.waitForConnection(toRest)
    await used.closed
    await lab.proxy.waitForConnection(openToRest)
  })

  test('it moves with setProxy()', async () => {
    const lab = await startLab()
    const other = await lab.startProxy({ scheme: 'socks5' })
    const transport = lab.createTransport({ keepWarm: true })
    await openGateway(transport)
    const first = await lab.proxy.waitForConnection(toRest)
    await expect.poll(() => transport.stats().tunnels.open).toBe(2)
    transport.setProxy(other.url)
    await other.waitForConnection(toRest)
    await first.closed
  })

  test('it ends with the gateway socket: what is idle is then not replaced', async () => {
    const lab = await startLab()
    const transport = lab.createTransport({ keepWarm: true })
    const gateway = await openGateway(transport)
    await lab.proxy.waitForConnection(toRest)
    await expect.poll(() => transport.stats().tunnels.open).toBe(2)
    gateway.terminate()
    await once(gateway, 'close')
    lab.proxy.cut(openToRest)
    await getByFetch(transport, `https://${CDN_HOST}/nothing`)
    await getByFetch(transport, `https://${CDN_HOST}/nothing`)
    expect(lab.proxy.connections.filter(openToRest)).toEqual([])
  })
})
