import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash, X509Certificate } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { createDiscordTransport, type TransportError } from '../../src/index.js'
import { OpenClawError, OpenClawGatewayClient, type OpenClawClientOptions } from '../../src/openclaw/index.js'
import { parseClientOptions } from '../../src/openclaw/client/options.js'
import { resolveTarget } from '../../src/openclaw/client/route/target.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { FakeGateway, type FakeGatewayOptions } from '../lab/openclaw/fake-gateway.js'
import { LabNames } from '../lab/names.js'
import { startProxy } from '../lab/proxy/index.js'
import { labAuthority } from '../lab/certificates.js'

async function lab(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.start(options)
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

it.each([
  ['gateway-only', 0],
  ['proxy', 1],
] as const)('loopback with %s takes the proxy %i times', async (loopback, tunnels) => {
  const gateway = await lab()
  const names = new LabNames().add('127.0.0.1', gateway.port, { host: '127.0.0.1', port: gateway.port })
  const proxy = await startProxy({ scheme: 'http', names })
  onTestFinished(() => proxy.close())
  const transport = createDiscordTransport({ proxy: proxy.url, env: {} })
  onTestFinished(() => transport.close())
  await createClient({ url: gateway.url, token: gateway.token, transport, loopback }).connect()
  expect(proxy.connections).toHaveLength(tunnels)
})

it('loopback that is blocked opens nothing', async () => {
  const gateway = await lab()
  const { url, token } = gateway
  const error = await failureOf(createClient({ url, token, loopback: 'block' }).connect())
  expect(error).toMatchObject({ code: 'ERR_ROUTE_REFUSED', sent: 'no' })
  expect(gateway.opened).toBe(0)
})

it('the fingerprint of a certificate is the check of TLS', async () => {
  const { cert, key } = await (await labAuthority()).issue(['openclaw-gateway'])
  const gateway = await lab({ tls: { cert, key } })
  const { url, token } = gateway
  const fingerprint = new X509Certificate(cert).fingerprint256
  const good = createClient({ url, token, tlsFingerprint: `sha256:${fingerprint}`, reconnect: { baseMs: 5 } })
  await good.connect()
  // The session of TLS is resumed, and the certificate is checked all the same.
  const gone = once(good, 'disconnected')
  gateway.closeAll(1012, 'service restart')
  await gone
  await expect(good.request('health')).resolves.toMatchObject({ ok: true })
  const other = createHash('sha256').update('another').digest('hex')
  const handshakes = gateway.handshakes.length
  const error = await failureOf(createClient({ url, token, tlsFingerprint: other }).connect())
  expect(error).toMatchObject({ code: 'ERR_OPENCLAW_FINGERPRINT', sent: 'no' })
  expect(gateway.handshakes).toHaveLength(handshakes)
})

it('the fingerprint of the configuration may be written as openssl prints it, and a bad one is named', async () => {
  const { cert, key } = await (await labAuthority()).issue(['openclaw-gateway'])
  const { url, token } = await lab({ tls: { cert, key } })
  const folder = await temporary()
  const clientOf = async (tlsFingerprint: string): Promise<OpenClawGatewayClient> => {
    const config = join(folder, 'openclaw.json')
    await writeFile(
      config,
      JSON.stringify({ gateway: { mode: 'remote', remote: { url, token, tlsFingerprint } } }),
    )
    return createClient({ config })
  }
  await (await clientOf(`SHA256:${new X509Certificate(cert).fingerprint256}`)).connect()
  expect(await failureOf((await clientOf('abc')).connect())).toMatchObject({
    code: 'ERR_INVALID_OPTIONS',
    message: expect.stringMatching(/^gateway\.remote\.tlsFingerprint: /) as string,
  })
})

it('an error in a log has its own fields alone, whatever was put on it', () => {
  const error = Object.assign(new OpenClawError('refused', { code: 'FORBIDDEN', hint: 'Ask.' }), {
    cause: { token: 'hunter2' },
    request: { token: 'hunter2' },
  })
  expect(JSON.stringify(error)).not.toContain('hunter2')
  expect(Object.keys(error.toJSON())).toEqual(
    'name code detailCode reason message hint retryable retryAfterMs sent method closeCode details'.split(
      ' ',
    ),
  )
})

it('a certificate of an unknown authority is one to trust, not to pin', async () => {
  const { url, token } = await lab({ tls: await (await labAuthority()).issue(['127.0.0.1']) })
  const error = await failureOf(createClient({ url, token }).connect())
  expect(error).toMatchObject({
    code: 'ERR_TARGET_TLS',
    hint: expect.stringContaining('tls.caFile') as string,
  })
  expect(error).not.toHaveProperty('hint', expect.stringContaining('tlsFingerprint'))
})

it.each([
  ['of the gateway', 'direct', true],
  ['of the gateway behind a proxy', 'proxy', false],
] as const)(
  'a plain port %s that hangs up: whether the hint is wss://',
  async (_where, loopback, isNamed) => {
    const dead = createServer((socket) => socket.once('data', () => socket.destroy()))
    dead.listen(0, '127.0.0.1')
    await once(dead, 'listening')
    onTestFinished(() => void dead.close())
    const { port } = dead.address() as AddressInfo
    const proxy = await startProxy({
      scheme: 'http',
      names: new LabNames().add('127.0.0.1', port, { host: '127.0.0.1', port }),
    })
    onTestFinished(() => proxy.close())
    const transport = createDiscordTransport({ proxy: proxy.url, env: {} })
    onTestFinished(() => transport.close())
    const url = `ws://127.0.0.1:${port}`
    const error = await failureOf(createClient({ url, token: 'a', transport, loopback }).connect())
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', proxy: isNamed ? null : proxy.url })
    expect((error as TransportError).hint.includes('wss://')).toBe(isNamed)
  },
)

it('an address that is given gets no secret of the environment or of a file', async () => {
  const gateway = await lab()
  const folder = await temporary()
  const config = join(folder, 'openclaw.json')
  await writeFile(config, JSON.stringify({ gateway: { port: gateway.port, auth: { token: gateway.token } } }))
  const env = { OPENCLAW_GATEWAY_TOKEN: gateway.token, OPENCLAW_CONFIG_PATH: config, HOME: folder }
  for (const address of [{ url: gateway.url }, { host: '127.0.0.1', port: gateway.port }])
    expect(await failureOf(createClient({ ...address, env }).connect())).toMatchObject({
      detailCode: 'DEVICE_IDENTITY_REQUIRED',
    })
  expect(gateway.handshakes.every(({ auth }) => auth === undefined)).toBe(true)
})

it.each([
  [
    'the configuration',
    (gateway: FakeGateway) => ({ port: gateway.port, auth: { token: gateway.token } }),
    {},
  ],
  ['a variable', (gateway: FakeGateway) => ({ port: gateway.port }), { OPENCLAW_GATEWAY_TOKEN: 'TOKEN' }],
  [
    'a reference',
    (gateway: FakeGateway) => ({ port: gateway.port, auth: { token: '${MINE}' } }),
    { MINE: 'TOKEN' },
  ],
  [
    'OPENCLAW_GATEWAY_URL',
    () => ({ auth: { token: 'of-the-file' } }),
    { OPENCLAW_GATEWAY_URL: 'URL', OPENCLAW_GATEWAY_TOKEN: 'TOKEN' },
  ],
])(
  'without an address the secret comes from %s',
  async (_name, gatewayKeys, variables: Readonly<Record<string, string>>) => {
    const gateway = await lab()
    const folder = await temporary()
    const path = join(folder, 'openclaw.json')
    await writeFile(path, JSON.stringify({ gateway: gatewayKeys(gateway) }))
    const values = Object.entries(variables).map(([name, value]) => [
      name,
      value.replace('TOKEN', gateway.token).replace('URL', gateway.url),
    ])
    const env = {
      HOME: folder,
      OPENCLAW_CONFIG_PATH: path,
      ...(Object.fromEntries(values) as Record<string, string>),
    }
    await expect(createClient({ env }).connect()).resolves.toMatchObject({ protocol: 4 })
  },
)

it.each([
  // What `openclaw gateway status` of 2026.9.6 names for these profiles.
  [{ OPENCLAW_PROFILE: 'work' }, 41_984],
  [{ OPENCLAW_PROFILE: 'Work' }, 28_704],
  [{ OPENCLAW_PROFILE: 'default' }, 18_789],
  [{ OPENCLAW_PROFILE: 'work', OPENCLAW_GATEWAY_PORT: '4000' }, 4_000],
])('the port of the gateway for %j is %i, as with OpenClaw', async (env, port) => {
  const folder = await temporary()
  const target = async (): Promise<string> =>
    (await resolveTarget(parseClientOptions({ env: { HOME: folder, ...env } }))).url.href
  expect(await target()).toBe(`ws://127.0.0.1:${port}/`)
  await mkdir(join(folder, '.openclaw'))
  await writeFile(join(folder, '.openclaw/openclaw.json'), JSON.stringify({ gateway: { port: 5_000 } }))
  expect(await target()).toBe(`ws://127.0.0.1:${'OPENCLAW_GATEWAY_PORT' in env ? port : 5_000}/`)
})

it('a new device says which command approves it, and connects when it is approved', async () => {
  const gateway = await lab({ approval: true })
  const device = { path: join(await temporary(), 'device.json') }
  const { url, token } = gateway
  const error = await failureOf(createClient({ url, token, device }).connect())
  expect(error).toMatchObject({
    code: 'NOT_PAIRED',
    detailCode: 'PAIRING_REQUIRED',
    reason: 'not-paired',
    retryable: false,
  })
  const requestId = [...gateway.devices.pending.values()][0]?.requestId ?? ''
  expect(error).toHaveProperty('hint', expect.stringContaining(`openclaw devices approve ${requestId}`))
  gateway.devices.approve(requestId)
  await expect(createClient({ url, token, device }).connect()).resolves.toMatchObject({
    auth: { role: 'operator' },
  })
})

it.each<[string, OpenClawClientOptions]>([
  ['url', { url: 'nonsense' }],
  ['url', { url: 'ws://user:password@127.0.0.1' }],
  ['url', { url: 'ws://127.0.0.1', port: 1 }],
  ['port', { port: 70_000 }],
  ['tlsFingerprint', { url: 'ws://127.0.0.1', tlsFingerprint: 'a'.repeat(64) }],
  ['tlsFingerprint', { url: 'wss://127.0.0.1', tlsFingerprint: 'abc' }],
  ['token', { token: '' }],
  ['requestTimeoutMs', { requestTimeoutMs: 0 }],
  ...['role', 'scopes', 'caps', 'subscriptions'].map(
    (name) => [name, { [name]: null }] satisfies [string, OpenClawClientOptions],
  ),
])('a bad %s is refused by its name', (field, options) => {
  expect(() => new OpenClawGatewayClient(options)).toThrow(
    expect.objectContaining({
      code: 'ERR_INVALID_OPTIONS',
      message: expect.stringMatching(`^${field}: `) as string,
    }) as Error,
  )
})
