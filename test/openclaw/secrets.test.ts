import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { OpenClawGatewayClient } from '../../src/openclaw/index.js'
import { expectNoneShown } from '../config/secrecy.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'

let gateway: FakeGateway
let client: OpenClawGatewayClient

beforeAll(async () => {
  gateway = await FakeGateway.start()
  const { url, token } = gateway
  const scopes = ['operator.read', 'operator.write', 'operator.admin']
  client = new OpenClawGatewayClient({ url, token, scopes, env: {} })
  await client.connect()
})

afterAll(async () => {
  await client.disconnect()
  await gateway.stop()
})

it.each<readonly [method: string, answer: Record<string, unknown>, path: string]>([
  ['config.get', { config: { gateway: { auth: { token: 'hunter2-secret' } } } }, 'config.gateway.auth.token'],
  ['device.token.rotate', { deviceId: 'one', role: 'operator', token: 'hunter2-secret' }, 'token'],
  ['node.pair.approve', { node: { token: 'hunter2-secret' } }, 'node.token'],
  ['secrets.resolve', { assignments: [{ secret: 'hunter2-secret' }] }, 'assignments.0.secret'],
  ['talk.config', { config: { talk: { apiKey: 'hunter2-secret' } } }, 'config.talk.apiKey'],
  ['web.login.start', { credentials: 'hunter2-secret' }, 'credentials'],
  ['wizard.next', { step: { password: 'hunter2-secret' } }, 'step.password'],
])(
  'the secret in the answer of %s is read by its name, and shown by nothing',
  async (method, answer, path) => {
    vi.spyOn(gateway.state, 'call').mockReturnValueOnce(answer)
    const payload = await client.request(method, {})
    expectNoneShown(payload, ['hunter2-secret'])
    expect(JSON.stringify(payload)).toContain('***')
    expect(payload).toHaveProperty(path, 'hunter2-secret')
  },
)
