import { expect, it, onTestFinished } from 'vitest'
import { OpenClawGatewayClient, type OpenClawClientOptions } from '../../src/openclaw/index.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { FakeGateway, type FakeGatewayOptions } from '../lab/openclaw/fake-gateway.js'

async function lab(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.start(options)
  onTestFinished(() => gateway.stop())
  return gateway
}

async function connected(
  { url, token }: FakeGateway,
  options: OpenClawClientOptions = {},
): Promise<OpenClawGatewayClient> {
  const reconnect = { baseMs: 10, maxMs: 50 }
  const client = new OpenClawGatewayClient({ url, token, env: {}, reconnect, ...options })
  onTestFinished(() => client.disconnect())
  await client.connect()
  return client
}

it('requestTimeoutMs is the limit of a request that has none of its own', async () => {
  const gateway = await lab()
  const client = await connected(gateway, { requestTimeoutMs: 30 })
  gateway.dropAnswersOf.push('health')
  expect(await failureOf(client.request('health'))).toMatchObject({
    code: 'ERR_OPENCLAW_TIMEOUT',
    message: 'health: no answer within 30 ms, and it may have run',
  })
})

it('reply() ends with the reason of its signal, and after its timeoutMs', async () => {
  const gateway = await lab({ answer: () => new Promise(() => undefined) })
  const client = await connected(gateway)
  const run = await client.sessionsSend('main', 'hello')
  const reason = new Error('the user has left')
  const abort = new AbortController()
  const failure = failureOf(client.reply(run, { signal: abort.signal, timeoutMs: 5_000 }))
  abort.abort(reason)
  expect(await failure).toBe(reason)
  expect(await failureOf(client.reply(run, { timeoutMs: 20 }))).toMatchObject({
    code: 'ERR_OPENCLAW_TIMEOUT',
    sent: 'maybe',
  })
})

it('sessionsHistory() asks for as many messages as it is told to, or leaves their number to the gateway', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  await client.sessionsHistory('main', 3)
  await client.sessionsHistory('main')
  const asked = gateway.requests.filter(({ method }) => method === 'chat.history').map(({ params }) => params)
  expect(asked).toEqual([{ sessionKey: 'main', limit: 3 }, { sessionKey: 'main' }])
})
