import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import {
  OpenClawGatewayClient,
  transportFromOpenClaw,
  type OpenClawClientOptions,
} from '../../src/openclaw/index.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { REAL_URL, startGateway } from './gateway-under-test.js'

/** As suite.test.ts: against the fake gateway, and against a real one by `npm run test:openclaw`. */

let gateway: Awaited<ReturnType<typeof startGateway>>
let folder: string

beforeAll(async () => {
  gateway = await startGateway()
  folder = await mkdtemp(join(tmpdir(), 'discord-transport-devices-'))
})

afterAll(async () => {
  await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

const timeout = 240_000
const READ = ['operator.read']
const BOTH = ['operator.read', 'operator.write']

/** Its only secret is the one that it is given. */
function createClient(options: OpenClawClientOptions): OpenClawGatewayClient {
  const client = new OpenClawGatewayClient({ url: gateway.url, env: {}, ...options })
  onTestFinished(() => client.disconnect())
  return client
}

async function connected(options: OpenClawClientOptions): Promise<OpenClawGatewayClient> {
  const client = createClient(options)
  await client.connect({ timeoutMs: 60_000 })
  return client
}

const refusalOf = (options: OpenClawClientOptions) =>
  failureOf(createClient(options).connect({ timeoutMs: 60_000 }))

it(
  'the error of a device that is not approved holds the command that approves it, and then it connects',
  async () => {
    const path = join(folder, 'changed.json')
    const { token } = gateway
    await (await connected({ token, device: { path } })).disconnect()
    // The gateway wants a device whose platform has changed to be approved again.
    const kept = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, JSON.stringify({ ...kept, platform: 'another-system' }))
    for (const secret of [{ token }, {}]) {
      const error = await refusalOf({ ...secret, device: { path } })
      expect(error).toMatchObject({
        code: 'NOT_PAIRED',
        detailCode: 'PAIRING_REQUIRED',
        reason: 'metadata-upgrade',
        retryable: false,
      })
    }
    const { hint } = (await refusalOf({ token, device: { path } })) as { hint?: string }
    const command = /openclaw devices approve [\w-]+$/.exec(hint ?? '')?.[0] ?? ''
    await gateway.command(command)
    const { hello } = await connected({ token, device: { path } })
    expect(hello?.auth.scopes).toEqual(BOTH)
    const again = await connected({ device: { path } })
    expect(again.hello?.auth.method).toBe('device-token')
  },
  timeout,
)

it(
  'a device that was never approved needs the secret of the gateway',
  async () => {
    const error = await refusalOf({ device: { path: join(folder, 'new.json') } })
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      detailCode: 'AUTH_TOKEN_MISSING',
      retryable: false,
    })
    expect(error).toHaveProperty('hint', expect.stringContaining('`token`'))
  },
  timeout,
)

it(
  'a device connects with fewer scopes than it has, and a scope is refused that only a later upgrade brings',
  async () => {
    const device = { path: join(folder, 'fewer.json') }
    const { token } = gateway
    await (await connected({ token, device, scopes: BOTH })).disconnect()
    const fewer = await connected({ device, scopes: READ })
    expect(fewer.hello?.auth).toMatchObject({ method: 'device-token', scopes: READ })
    const error = await failureOf(fewer.request('sessions.create', { key: 'agent:main:not-allowed' }))
    expect(error).toMatchObject({ code: 'FORBIDDEN', detailCode: 'MISSING_SCOPE', sent: 'no' })
    expect(error).toHaveProperty('hint', expect.stringContaining('operator.write'))
    const more = [...BOTH, 'operator.approvals']
    expect(await refusalOf({ device, scopes: more })).toMatchObject({
      detailCode: 'AUTH_SCOPE_MISMATCH',
      retryable: false,
    })
    await (await connected({ token, device, scopes: more })).disconnect()
    const upgraded = await connected({ device, scopes: more })
    expect(upgraded.hello?.auth).toMatchObject({ method: 'device-token', scopes: more })
  },
  timeout,
)

it(
  'a token that the operator revokes ends the connection for good, and the file forgets it',
  async () => {
    const path = join(folder, 'revoked.json')
    const { token } = gateway
    await (await connected({ token, device: { path } })).disconnect()
    const client = await connected({ device: { path } })
    const { deviceId } = JSON.parse(await readFile(path, 'utf8')) as { readonly deviceId: string }
    const events: { readonly willReconnect: boolean }[] = []
    const givenUp = new Promise<void>((resolve) => {
      client.on('disconnected', (event) => {
        events.push(event)
        if (!event.willReconnect) resolve()
      })
    })
    const failed = once(client, 'error')
    await gateway.command(`openclaw devices revoke --device ${deviceId} --role operator`)
    await givenUp
    const [error] = (await failed) as [unknown]
    expect(error).toMatchObject({ detailCode: 'AUTH_DEVICE_TOKEN_MISMATCH', retryable: false })
    expect(events[0]).toMatchObject({ willReconnect: true })
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ tokens: {} })
    await expect(connected({ token, device: { path } })).resolves.toBeDefined()
  },
  timeout,
)

it.each(['.openclaw/openclaw.json', '.clawdbot/clawdbot.json'])(
  'without an address the gateway is found by %s',
  async (name) => {
    const home = await mkdtemp(join(folder, 'home-'))
    const { token } = gateway
    const text = `// of a person\n{ gateway: { port: ${new URL(gateway.url).port}, auth: { token: '${token}' }, }, }`
    await mkdir(dirname(join(home, name)))
    await writeFile(join(home, name), text, { mode: 0o600 })
    const client = new OpenClawGatewayClient({ env: { HOME: home } })
    onTestFinished(() => client.disconnect())
    await expect(client.connect({ timeoutMs: 60_000 })).resolves.toMatchObject({ auth: { method: 'token' } })
  },
  timeout,
)

// The fake gateway has no such command.
if (REAL_URL !== undefined)
  it(
    'what `openclaw config set` writes is read',
    async () => {
      const file = (await gateway.command('openclaw config file')).trim().split('\n').at(-1) ?? ''
      const url = 'http://proxy.example:3128'
      // A gateway that runs does not change its proxy.
      await gateway.command(`openclaw config set proxy.proxyUrl ${url}`)
      const { transport, source } = await transportFromOpenClaw({ path: file, env: {} })
      onTestFinished(() => transport.close())
      expect([transport.proxy?.url, source]).toEqual([url, 'proxy.proxyUrl'])
      await gateway.command('openclaw config unset proxy.proxyUrl')
      expect(JSON.parse(await readFile(file, 'utf8'))).not.toHaveProperty('proxy.proxyUrl')
    },
    timeout,
  )
