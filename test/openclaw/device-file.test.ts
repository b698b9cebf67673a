import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { OpenClawGatewayClient, type OpenClawClientOptions } from '../../src/openclaw/index.js'
import { DeviceStore } from '../../src/openclaw/client/device/device-store.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'

async function lab(): Promise<FakeGateway> {
  const gateway = await FakeGateway.start()
  onTestFinished(() => gateway.stop())
  return gateway
}

function createClient(options: OpenClawClientOptions): OpenClawGatewayClient {
  const client = new OpenClawGatewayClient({ env: {}, reconnect: false, ...options })
  onTestFinished(() => client.disconnect())
  return client
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-device-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

it('a device token that another process replaced is read again, and one that was revoked is forgotten', async () => {
  const gateway = await lab()
  const path = join(await temporary(), 'device.json')
  const { url, token } = gateway
  const scopes = ['operator.read']
  await createClient({ url, token, device: { path }, scopes }).connect()
  // Holds the token of now, and loses it while the other asks for more.
  const held = createClient({ url, device: { path }, scopes, reconnect: { baseMs: 5, maxMs: 20 } })
  await held.connect()
  await createClient({ url, token, device: { path }, scopes: [...scopes, 'operator.write'] }).connect()
  const gone = once(held, 'disconnected')
  gateway.terminateAll()
  await gone
  await expect(held.request('health')).resolves.toMatchObject({ ok: true })
  const [id = ''] = gateway.devices.paired.keys()
  gateway.devices.rotate(id)
  expect(await failureOf(createClient({ url, device: { path } }).connect())).toMatchObject({
    detailCode: 'AUTH_DEVICE_TOKEN_MISMATCH',
  })
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ tokens: {} })
})

it('a shared token that is wrong gives way to the device token, where the gateway says so', async () => {
  const gateway = await lab()
  const device = { path: join(await temporary(), 'device.json') }
  const { url, token } = gateway
  await createClient({ url, token, device }).connect()
  const client = createClient({ url, token: 'replaced-meanwhile', device })
  await expect(client.connect()).resolves.toMatchObject({ auth: { method: 'device-token' } })
})

it('processes that make one device file at one time have one key, and the file is their own', async () => {
  const path = join(await temporary(), 'deep', 'device.json')
  const stores = Array.from({ length: 8 }, () => new DeviceStore(path))
  const devices = await Promise.all(stores.map((store) => store.load('host', 'operator')))
  expect(new Set(devices.map(({ key }) => key.id)).size).toBe(1)
  await Promise.all(
    stores.map((store, at) => store.save(`host-${at}`, 'operator', { token: `token-${at}`, scopes: [] })),
  )
  const kept = JSON.parse(await readFile(path, 'utf8')) as { tokens: object }
  expect(Object.keys(kept.tokens)).toHaveLength(8)
  if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600)
  // A lock whose process has ended is no obstacle.
  await writeFile(`${path}.lock`, `${2 ** 22 - 1} ${hostname()}`)
  await stores[0]?.save('host', 'operator', { token: 'another', scopes: [] })
})

it('gateways behind different paths of one host have different tokens, and neither is shown that of the other', async () => {
  const gateway = await lab()
  const path = join(await temporary(), 'device.json')
  const { url, token } = gateway
  await createClient({ url: `${url}/one`, token, device: { path } }).connect()
  const error = await failureOf(createClient({ url: `${url}/two`, device: { path } }).connect())
  expect(error).toMatchObject({ detailCode: 'AUTH_TOKEN_MISSING' })
  expect(gateway.handshakes.at(-1)).not.toHaveProperty('auth')
  await expect(createClient({ url: `${url}/one`, device: { path } }).connect()).resolves.toMatchObject({
    auth: { method: 'device-token' },
  })
})

it('a refused token is forgotten only while no other process has kept a newer one', async () => {
  const store = new DeviceStore(join(await temporary(), 'device.json'))
  await store.load('host', 'operator')
  await store.save('host', 'operator', { token: 'the newer one', scopes: [] })
  await store.save('host', 'operator', undefined, 'the refused one')
  expect(await store.load('host', 'operator')).toMatchObject({ token: { token: 'the newer one' } })
  await store.save('host', 'operator', undefined, 'the newer one')
  expect(await store.load('host', 'operator')).toMatchObject({ token: undefined })
})
