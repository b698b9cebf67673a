import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { OpenClawGatewayClient, type OpenClawClientOptions } from '../../src/openclaw/index.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { startSecuredGateway } from './gateway-under-test.js'

/** As suite.test.ts, against a gateway with TLS and a password. */

let gateway: Awaited<ReturnType<typeof startSecuredGateway>>
let folder: string
let tlsFingerprint: string

beforeAll(async () => {
  gateway = await startSecuredGateway()
  folder = await mkdtemp(join(tmpdir(), 'discord-transport-secured-'))
  const { hostname: host, port } = new URL(gateway.url)
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  tlsFingerprint = socket.getPeerCertificate().fingerprint256
  socket.destroy()
}, 240_000)

afterAll(async () => {
  await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

const timeout = 120_000

function createClient(options: OpenClawClientOptions): OpenClawGatewayClient {
  const client = new OpenClawGatewayClient({ url: gateway.url, env: {}, tlsFingerprint, ...options })
  onTestFinished(() => client.disconnect())
  return client
}

const refusalOf = (options: OpenClawClientOptions) =>
  failureOf(createClient(options).connect({ timeoutMs: 60_000 }))

it.each(['password', 'token'] as const)(
  'by its fingerprint it is trusted, and takes its password as %s',
  async (field) => {
    const client = createClient({ [field]: gateway.password })
    const { auth } = await client.connect({ timeoutMs: 60_000 })
    expect(auth).toMatchObject({ method: 'password', scopes: ['operator.read', 'operator.write'] })
    await expect(client.request('health')).resolves.toMatchObject({ ok: true })
  },
  timeout,
)

it(
  'another fingerprint is refused before anything is sent',
  async () => {
    const { password } = gateway
    const error = await refusalOf({ password, tlsFingerprint: 'ab'.repeat(32) })
    const shown = tlsFingerprint.replaceAll(':', '').toLowerCase()
    expect(error).toMatchObject({ code: 'ERR_OPENCLAW_FINGERPRINT', sent: 'no', retryable: false })
    expect(error).toHaveProperty('message', expect.stringContaining(shown))
  },
  timeout,
)

it(
  'a certificate of its own without a fingerprint says what to give',
  async () => {
    const error = await refusalOf({ password: gateway.password, tlsFingerprint: undefined, reconnect: false })
    expect(error).toMatchObject({ code: 'ERR_TARGET_TLS' })
    expect(error).toHaveProperty('hint', expect.stringContaining('tlsFingerprint'))
  },
  timeout,
)

it(
  'ws:// to its port says that it may speak TLS',
  async () => {
    const url = gateway.url.replace('wss:', 'ws:')
    const { password } = gateway
    const error = await refusalOf({ url, password, tlsFingerprint: undefined, reconnect: false })
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    expect(error).toHaveProperty('hint', expect.stringContaining('wss://'))
  },
  timeout,
)

it.each(['password', 'token'] as const)(
  'a wrong %s is refused, with a device too, and is in no message',
  async (field) => {
    const wrong = 'a-wrong-password-of-this-test'
    for (const device of [false, { path: join(folder, `${field}.json`) }]) {
      const error = await refusalOf({ [field]: wrong, device })
      expect(error).toMatchObject({
        code: 'INVALID_REQUEST',
        detailCode: 'AUTH_PASSWORD_MISMATCH',
        retryable: false,
        hint: expect.stringContaining('password') as string,
      })
      expect(inspect(error) + JSON.stringify(error)).not.toContain(wrong)
    }
  },
  timeout,
)

it(
  'a device signs without the password, and connects by its token from then on',
  async () => {
    const device = { path: join(folder, 'device.json') }
    const first = createClient({ password: gateway.password, device })
    expect((await first.connect({ timeoutMs: 60_000 })).auth.method).toBe('password')
    await first.disconnect()
    expect((await createClient({ device }).connect({ timeoutMs: 60_000 })).auth.method).toBe('device-token')
  },
  timeout,
)

it(
  'a new device without the password says that it is missing',
  async () => {
    const error = await refusalOf({ device: { path: join(folder, 'new.json') } })
    expect(error).toMatchObject({ detailCode: 'AUTH_PASSWORD_MISSING', retryable: false })
    expect(error).toHaveProperty('hint', expect.stringContaining('`password`'))
  },
  timeout,
)
