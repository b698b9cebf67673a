import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createDiscordTransport } from '../../src/index.js'
import {
  OpenClawGatewayClient,
  type OpenClawDisconnected,
  type OpenClawClientOptions,
} from '../../src/openclaw/index.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { LabNames } from '../lab/names.js'
import { watchOpenResources } from '../lab/open-resources.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'
import { startProxy } from '../lab/proxy/index.js'
import { watchThreads } from '../support/threads.js'

async function lab(): Promise<FakeGateway> {
  const gateway = await FakeGateway.start()
  onTestFinished(() => gateway.stop())
  return gateway
}

function createClient(options: OpenClawClientOptions): OpenClawGatewayClient {
  const client = new OpenClawGatewayClient({ env: {}, token: 'a-token', ...options })
  onTestFinished(() => client.disconnect())
  return client
}

/** A gateway that accepts connections and says nothing. */
async function silent(): Promise<string> {
  const server = createServer()
  server.on('connection', (socket) => {
    socket.on('error', () => undefined).resume()
    onTestFinished(() => void socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('disconnect() leaves no timer, also while the client waits for its next attempt', async () => {
  const gateway = await lab()
  const { url, token } = gateway
  const client = createClient({ url, token, reconnect: { baseMs: 60_000, maxMs: 60_000 } })
  await client.connect()
  const watch = watchOpenResources()
  onTestFinished(() => watch.stop())
  const down = once(client, 'disconnected')
  gateway.terminateAll()
  expect(await down).toMatchObject([{ willReconnect: true }])
  expect(watch.find().map(({ kind }) => kind)).toContain('timer')
  await client.disconnect()
  expect(watch.find().filter(({ kind }) => kind === 'timer')).toEqual([])
})

it('disconnect() ends what the client has started for a proxy of the environment', async () => {
  const gateway = await lab()
  const names = new LabNames().add('127.0.0.1', gateway.port, { host: '127.0.0.1', port: gateway.port })
  const proxy = await startProxy({ scheme: 'http', names })
  onTestFinished(() => proxy.close())
  const script = `function FindProxyForURL() { return 'PROXY 127.0.0.1:${proxy.port}' }`
  const threads = watchThreads()
  const client = createClient({
    url: gateway.url,
    token: gateway.token,
    loopback: 'proxy',
    env: { HTTPS_PROXY: `pac+data:,${encodeURIComponent(script)}` },
  })
  await client.connect({ timeoutMs: 20_000 })
  expect(threads).toHaveLength(1)
  await client.disconnect()
  await threads[0]?.ended
})

it.each(['its time is over', 'its signal aborts'])(
  'a client whose connect() failed because %s does not go on in the background',
  async (how) => {
    const abort = new AbortController()
    const reason = new Error('the user has left')
    const client = createClient({ url: await silent() })
    const limit = how === 'its time is over' ? { timeoutMs: 20 } : { signal: abort.signal }
    const failure = failureOf(client.connect(limit))
    if ('signal' in limit) abort.abort(reason)
    const error = await failure
    if ('signal' in limit) expect(error).toBe(reason)
    else expect(error).toMatchObject({ code: 'ERR_OPENCLAW_TIMEOUT', method: 'connect' })
    expect(await failureOf(client.request('health', {}, { timeoutMs: 20 }))).toMatchObject({
      code: 'ERR_OPENCLAW_CLOSED',
      sent: 'no',
    })
  },
)

it('connectTimeoutMs ends an attempt at a gateway that is silent', async () => {
  const client = createClient({ url: await silent(), connectTimeoutMs: 30, reconnect: false })
  expect(await failureOf(client.connect({ timeoutMs: 5_000 }))).toMatchObject({
    name: 'TransportError',
    code: 'ERR_TARGET_TIMEOUT',
  })
})

it('a client whose transport is closed ends, and says why', async () => {
  const gateway = await lab()
  const names = new LabNames().add('127.0.0.1', gateway.port, { host: '127.0.0.1', port: gateway.port })
  const proxy = await startProxy({ scheme: 'http', names })
  onTestFinished(() => proxy.close())
  const transport = createDiscordTransport({ proxy: proxy.url, env: {} })
  const { url, token } = gateway
  const client = createClient({
    url,
    token,
    transport,
    loopback: 'proxy',
    reconnect: { baseMs: 5, maxMs: 5 },
  })
  await client.connect()
  const refused = new Promise<OpenClawDisconnected>((resolve) => {
    client.on('disconnected', (event) => {
      const { error } = event
      if (error !== null && 'code' in error && error.code === 'ERR_TRANSPORT_CLOSED') resolve(event)
    })
  })
  const failed = once(client, 'error')
  await transport.close()
  expect(await refused).toMatchObject({ willReconnect: false })
  expect(await failed).toMatchObject([{ code: 'ERR_TRANSPORT_CLOSED' }])
  expect(client.connected).toBe(false)
})

it('disconnect() tells the gateway that the end is an ordinary one', async () => {
  const gateway = await lab()
  const { url, token } = gateway
  const client = createClient({ url, token })
  await client.connect()
  const [connection] = gateway.connections
  const closed = once(connection!.socket, 'close')
  await client.disconnect()
  const [code] = (await closed) as [number]
  expect(code).toBe(1000)
})

it('maxAttempts counts attempts in a row: a connection that worked begins anew', async () => {
  const gateway = await lab()
  const { url, token } = gateway
  const client = createClient({ url, token, reconnect: { baseMs: 1, maxMs: 1, maxAttempts: 1 } })
  await client.connect()
  for (let count = 0; count < 3; count += 1) {
    const back = once(client, 'authenticated')
    const down = once(client, 'disconnected')
    gateway.terminateAll()
    expect(await down).toMatchObject([{ willReconnect: true, attempt: 1 }])
    await back
  }
})

it('a connection with fewer scopes than were asked for is closed', async () => {
  const gateway = await lab()
  const { url, token } = gateway
  gateway.devices.admit = () => ({
    role: 'operator',
    scopes: ['operator.read'],
    method: 'token',
    hasDevice: false,
  })
  const client = createClient({ url, token, scopes: ['operator.read', 'operator.write'] })
  expect(await failureOf(client.connect())).toMatchObject({ code: 'ERR_OPENCLAW_SCOPES' })
  await expect.poll(() => gateway.connections.size).toBe(0)
})

it('a restart that the gateway announces is waited for as long as it said', async () => {
  const gateway = await lab()
  const { url, token } = gateway
  const client = createClient({ url, token, reconnect: { baseMs: 1, maxMs: 1 } })
  const restarts: unknown[] = []
  client.on('restarted', (restart) => restarts.push(restart))
  await client.connect()
  const shutdown = once(client, 'shutdown')
  for (const connection of gateway.connections)
    connection.event('all', 'shutdown', { reason: 'an update', restartExpectedMs: 40 })
  await shutdown
  const down = once(client, 'disconnected')
  const back = once(client, 'authenticated')
  gateway.terminateAll()
  const [{ delayMs }] = (await down) as [OpenClawDisconnected]
  expect(delayMs).toBeGreaterThanOrEqual(40)
  await back
  // It is the same process of the gateway that answers.
  expect(restarts).toEqual([])
})
