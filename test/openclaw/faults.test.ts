import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { OpenClawGatewayClient, type OpenClawClientOptions } from '../../src/openclaw/index.js'
import { Refused } from '../../src/openclaw/mock/refused.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { FakeGateway, type FakeGatewayOptions } from '../lab/openclaw/fake-gateway.js'

async function lab(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const gateway = await FakeGateway.start(options)
  onTestFinished(() => gateway.stop())
  return gateway
}

function createClient(gateway: FakeGateway, options: OpenClawClientOptions = {}): OpenClawGatewayClient {
  const { url, token } = gateway
  const reconnect = { baseMs: 10, maxMs: 50 }
  const client = new OpenClawGatewayClient({ url, token, env: {}, reconnect, ...options })
  onTestFinished(() => client.disconnect())
  return client
}

async function connected(
  gateway: FakeGateway,
  options?: OpenClawClientOptions,
): Promise<OpenClawGatewayClient> {
  const client = createClient(gateway, options)
  await client.connect()
  return client
}

/** The connection ends when the gateway has carried the request out, and before it has answered. */
async function cutBehind(gateway: FakeGateway, method: string): Promise<void> {
  gateway.dropAnswersOf.push(method)
  await expect.poll(() => gateway.dropAnswersOf).toEqual([])
  gateway.terminateAll()
}

it('a request without a key is not sent again, and says that it may have run', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  const failure = failureOf(client.request('chat.history', { sessionKey: 'main' }))
  await cutBehind(gateway, 'chat.history')
  expect(await failure).toMatchObject({
    code: 'ERR_OPENCLAW_CONNECTION_LOST',
    sent: 'maybe',
    method: 'chat.history',
  })
  await client.request('health')
  expect(gateway.requests.filter(({ method }) => method === 'chat.history')).toHaveLength(1)
})

it('a request with a key is sent again, and runs once', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  const sent = client.sessionsSend('main', 'hello')
  await cutBehind(gateway, 'sessions.send')
  const run = await sent
  await expect(client.reply(run)).resolves.toMatchObject({ text: 'Echo: hello' })
  expect(gateway.requests.filter(({ method }) => method === 'sessions.send')).toHaveLength(2)
  expect(gateway.state.sends).toHaveLength(1)
})

it('requests with keys are sent again in their order', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  const messages = ['first', 'second', 'third']
  gateway.dropAnswersOf.push(...messages.map(() => 'sessions.send'))
  const sent = Promise.all(messages.map((message) => client.sessionsSend('main', message)))
  await expect.poll(() => gateway.dropAnswersOf).toEqual([])
  gateway.terminateAll()
  await sent
  const seen = gateway.requests.filter(({ method }) => method === 'sessions.send')
  expect(seen.map(({ params }) => params['message'])).toEqual([...messages, ...messages])
})

it('a gateway that is busy is asked again for a request with a key, and for no other', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  const busy = new Refused('UNAVAILABLE', 'busy', { retryable: true, retryAfterMs: 10 })
  gateway.refuseRequests(busy, busy)
  expect(await failureOf(client.request('health'))).toMatchObject({
    code: 'UNAVAILABLE',
    sent: 'no',
    retryAfterMs: 10,
  })
  await expect(client.sessionsSend('main', 'hello')).resolves.toMatchObject({ status: 'started' })
  expect(gateway.state.sends).toHaveLength(1)
})

it('what is sent while the client reconnects waits, and was not sent if it comes too late', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  gateway.terminateAll()
  await once(client, 'disconnected')
  const early = client.request('health')
  await gateway.stop()
  const late = failureOf(client.request('health', {}, { timeoutMs: 20 }))
  expect(await late).toMatchObject({ code: 'ERR_OPENCLAW_TIMEOUT', sent: 'no', retryable: true })
  await gateway.restart({ downMs: 0 })
  await expect(early).resolves.toMatchObject({ ok: true })
})

it('a restart is told by bootId, and the subscriptions come back', async () => {
  const gateway = await lab()
  const client = await connected(gateway, { subscriptions: ['sessions', 'agent:main:main', 'chat'] })
  const shutdown = once(client, 'shutdown')
  const restarted = once(client, 'restarted')
  const before = gateway.bootId
  void gateway.restart()
  expect(await shutdown).toMatchObject([{ reason: 'gateway restarting' }])
  expect(await restarted).toEqual([{ bootId: gateway.bootId, previousBootId: before, version: '2026.9.6' }])
  const session = once(client, 'session')
  expect(await session).toMatchObject([{ event: 'reload', payload: { cause: 'reconnect' } }])
  const changed = once(client, 'session')
  await client.sessionsSend('main', 'after the restart')
  expect(await changed).toMatchObject([{ event: 'sessions.changed' }])
  const subscribed = gateway.requests.filter(({ method }) => method.endsWith('subscribe'))
  expect(subscribed).toHaveLength(4)
})

it('a session that is unsubscribed from is not asked for again', async () => {
  const gateway = await lab()
  const client = await connected(gateway, { subscriptions: ['agent:main:main', 'agent:main:other'] })
  await client.request('sessions.messages.unsubscribe', { key: 'agent:main:other' })
  const before = gateway.requests.length
  const reloaded = once(client, 'session')
  gateway.terminateAll()
  expect(await reloaded).toMatchObject([{ payload: { histories: [{ sessionKey: 'agent:main:main' }] } }])
  const asked = gateway.requests.slice(before).map(({ params }) => params['key'] ?? params['sessionKey'])
  expect(new Set(asked)).toEqual(new Set(['agent:main:main']))
})

it.each([
  ['announced', false],
  ['killed', true],
])('no reply is lost over a restart that is %s', async (_name, killed) => {
  const gateway = await lab({
    answer: async (message) => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return `Echo: ${message}`
    },
  })
  const client = await connected(gateway)
  const keys = ['agent:main:a', 'agent:main:b']
  for (const key of keys) await client.sessionsSpawn({ key })
  const runs = await Promise.all(keys.map((key) => client.sessionsSend(key, `to ${key}`)))
  const replies = Promise.all(runs.map((run) => client.reply(run)))
  await gateway.restart({ killed })
  expect((await replies).map(({ text }) => text)).toEqual(keys.map((key) => `Echo: to ${key}`))
  for (const key of keys) {
    const { messages } = await client.sessionsHistory(key)
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
  }
})

it('a gap is told, and what it hid is read', async () => {
  const gateway = await lab()
  const client = await connected(gateway, { subscriptions: ['sessions', 'agent:main:main'] })
  const gap = once(client, 'gap')
  const reload = new Promise((resolve) =>
    client.on('session', ({ event, payload }) => {
      if (event === 'reload') resolve(payload)
    }),
  )
  gateway.skipEvents(3)
  gateway.tick()
  const [told] = (await gap) as [{ expected: number; received: number; missed: number }]
  expect(told).toMatchObject({ missed: 3, received: told.expected + 3 })
  expect(await reload).toMatchObject({
    cause: 'gap',
    sessions: { count: 1 },
    histories: [{ sessionKey: 'agent:main:main' }],
  })
})

it('a half-open connection is noticed and replaced', async () => {
  const gateway = await lab({ tickIntervalMs: 200 })
  const client = await connected(gateway)
  const down = once(client, 'disconnected')
  gateway.freezeAll()
  expect(await down).toMatchObject([
    { reason: expect.stringContaining('went silent') as string, willReconnect: true },
  ])
  gateway.terminateAll()
  await expect(client.request('health')).resolves.toMatchObject({ ok: true })
})

it('a gateway that is starting is waited for, for as long as it asks', async () => {
  const gateway = await lab()
  await gateway.stop()
  const restarting = gateway.restart({ startingMs: 100 })
  const client = createClient(gateway)
  await expect(client.connect()).resolves.toMatchObject({ protocol: 4 })
  await restarting
})

it('too many wrong attempts are waited out', async () => {
  const gateway = await lab()
  const details = { code: 'AUTH_RATE_LIMITED', recommendedNextStep: 'wait_then_retry' }
  const wait = { retryable: true, retryAfterMs: 150, details }
  gateway.refuseNext(new Refused('INVALID_REQUEST', 'unauthorized: too many failed attempts', wait))
  const client = createClient(gateway)
  const down = once(client, 'disconnected')
  const since = performance.now()
  await client.connect()
  expect(performance.now() - since).toBeGreaterThan(145)
  expect(await down).toMatchObject([{ error: { detailCode: 'AUTH_RATE_LIMITED', retryAfterMs: 150 } }])
})

it('a refusal that will stay ends the client, and is told', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  const error = once(client, 'error', { signal: AbortSignal.timeout(5_000) }).catch((thrown: unknown) => [
    thrown,
  ])
  gateway.refuseNext(
    new Refused('INVALID_REQUEST', 'unauthorized', { details: { code: 'AUTH_TOKEN_MISMATCH' } }),
  )
  gateway.terminateAll()
  expect(await error).toMatchObject([{ detailCode: 'AUTH_TOKEN_MISMATCH' }])
  expect(client.connected).toBe(false)
  expect(await failureOf(client.request('health'))).toMatchObject({ code: 'ERR_OPENCLAW_CLOSED' })
})

it('an upgrade that is refused says so', async () => {
  const gateway = await lab()
  gateway.refuseUpgrade = 403
  const error = await failureOf(createClient(gateway, { reconnect: false }).connect())
  expect(error).toMatchObject({ name: 'TransportError', message: expect.stringContaining('403') as string })
})

it.each([
  ['bad JSON', '{"type":'],
  ['a frame that is none', '[]'],
])('%s ends the connection', async (_name, text) => {
  const gateway = await lab()
  const client = await connected(gateway)
  const ended = once(client, 'disconnected')
  gateway.sendRawToAll(text)
  expect(await ended).toMatchObject([{ error: { code: 'ERR_OPENCLAW_PROTOCOL' } }])
})

it('answers that nobody waits for are passed over', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  gateway.sendRawToAll(JSON.stringify({ type: 'res', id: randomUUID(), ok: true, payload: {} }))
  gateway.dropAnswersOf.push('health')
  expect(await failureOf(client.request('health', {}, { timeoutMs: 20 }))).toMatchObject({ sent: 'maybe' })
  await expect(client.request('health')).resolves.toMatchObject({ ok: true })
})

it('an abort is the reason of its signal', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  const reason = new Error('the user has left')
  gateway.dropAnswersOf.push('health')
  const abort = new AbortController()
  const failure = failureOf(client.request('health', {}, { signal: abort.signal }))
  abort.abort(reason)
  expect(await failure).toBe(reason)
})

it('disconnect() fails what waits and ends streams', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  gateway.dropAnswersOf.push('health')
  const failure = failureOf(client.request('health'))
  const stream = client.stream('tick')
  const next = stream.next()
  await expect.poll(() => gateway.dropAnswersOf).toEqual([])
  await client.disconnect()
  expect(await failure).toMatchObject({ code: 'ERR_OPENCLAW_CLOSED', sent: 'maybe', method: 'health' })
  expect(await next).toMatchObject({ done: true })
  await expect(client.connect()).resolves.toMatchObject({ protocol: 4 })
})

it('disconnect() says of a request that waited for a connection that it was not sent', async () => {
  const gateway = await lab()
  const client = await connected(gateway)
  const down = once(client, 'disconnected')
  await gateway.stop()
  await down
  const failure = failureOf(client.request('health'))
  await client.disconnect()
  expect(await failure).toMatchObject({ code: 'ERR_OPENCLAW_CLOSED', sent: 'no' })
})

it('a handshake that does not come is given up', async () => {
  const gateway = await lab()
  gateway.refuseUpgrade = undefined
  const client = createClient(gateway, { reconnect: false, handshakeTimeoutMs: 30 })
  gateway.devices.admit = () => new Promise<never>(() => undefined) as never
  expect(await failureOf(client.connect())).toMatchObject({ code: 'ERR_OPENCLAW_TIMEOUT', method: 'connect' })
})
