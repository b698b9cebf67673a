import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { OpenClawError, OpenClawGatewayClient, type OpenClawClientOptions } from '../../src/openclaw/index.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { startGateway } from './gateway-under-test.js'

/** Runs against the fake gateway in each run of the tests, and against a real one by `npm run test:openclaw`. */

let gateway: Awaited<ReturnType<typeof startGateway>>
let folder: string

beforeAll(async () => {
  gateway = await startGateway()
  folder = await mkdtemp(join(tmpdir(), 'discord-transport-openclaw-'))
})

afterAll(async () => {
  await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

function createClient(options: OpenClawClientOptions = {}): OpenClawGatewayClient {
  const client = new OpenClawGatewayClient({ url: gateway.url, token: gateway.token, env: {}, ...options })
  onTestFinished(() => client.disconnect())
  return client
}

async function connected(options: OpenClawClientOptions = {}): Promise<OpenClawGatewayClient> {
  const client = createClient(options)
  await client.connect({ timeoutMs: 60_000 })
  return client
}

const newKey = (): string => `agent:main:test-${randomUUID()}`
const reply = () => ({ timeoutMs: gateway.patienceMs })
const timeout = 240_000

it(
  'connects with protocol 4 and the scopes that were asked for',
  async () => {
    const events: string[] = []
    const client = createClient()
    client
      .on('connected', () => events.push('connected'))
      .on('authenticated', () => events.push('authenticated'))
    const hello = await client.connect({ timeoutMs: 60_000 })
    expect(client.connected).toBe(true)
    expect(client.hello).toBe(hello)
    expect(hello).toMatchObject({
      protocol: 4,
      auth: { scopes: ['operator.read', 'operator.write'], role: 'operator' },
    })
    expect(events).toEqual(['connected', 'authenticated'])
    await client.disconnect()
    expect(client.connected).toBe(false)
  },
  timeout,
)

it(
  'secrets of hello-ok and config.get are in neither inspection nor JSON',
  async () => {
    const client = await connected({ device: { path: join(folder, 'secrets.json') } })
    const { hello } = client
    const capabilities = inspect(hello?.['pluginSurfaceUrls'], { depth: 5 })
    expect(hello?.auth.deviceToken).toMatch(/^\S{10,}$/)
    const config = await client.request('config.get')
    const shown = [hello, client, config].map(
      (value) => inspect(value, { depth: 10, showHidden: false }) + JSON.stringify(value),
    )
    for (const text of shown) {
      expect(text).not.toContain(hello?.auth.deviceToken)
      expect(text).not.toContain(gateway.token)
      expect(text).not.toContain('__openclaw__/cap')
      expect(text).not.toContain('a-secret-value')
    }
    expect(capabilities).toContain('cap')
  },
  timeout,
)

it(
  'sends a message into a new session, and gets its answer and its history',
  async () => {
    const client = await connected({ subscriptions: ['sessions'] })
    const key = newKey()
    const { sessionKey } = await client.sessionsSpawn({ key })
    const run = await client.sessionsSend(sessionKey, '[[one]]')
    expect(run).toMatchObject({ status: 'started', sessionKey: key })
    await expect(client.reply(run, reply())).resolves.toMatchObject({ text: 'Echo: one', runId: run.runId })
    const { messages } = await client.sessionsHistory(key, 10)
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect((await client.sessionsList()).sessions.map((row) => row.key)).toContain(key)
  },
  timeout,
)

it(
  'a message of a session that is subscribed to says what it cost, before its reply is told',
  async () => {
    const key = newKey()
    const client = await connected()
    await client.sessionsSpawn({ key })
    await client.request('sessions.messages.subscribe', { key })
    const messages: unknown[] = []
    client.on('session', ({ event, payload }) => {
      if (event === 'session.message') messages.push(payload)
    })
    await client.reply(await client.sessionsSend(key, '[[priced]]'), reply())
    const cost: unknown = expect.objectContaining({ total: expect.any(Number) as unknown })
    expect(messages).toContainEqual(
      expect.objectContaining({
        sessionKey: key,
        message: expect.objectContaining({
          role: 'assistant',
          usage: expect.objectContaining({ cost }) as unknown,
        }) as unknown,
      }),
    )
  },
  timeout,
)

it(
  'a message into a busy session is answered by another run, and reply() finds it',
  async () => {
    const client = await connected()
    const { sessionKey } = await client.sessionsSpawn({ key: newKey() })
    const runs = []
    for (const message of ['[[first slow1500]]', '[[second]]', '[[third]]'])
      runs.push(await client.sessionsSend(sessionKey, message))
    const replies = await Promise.all(runs.map((run) => client.reply(run, reply())))
    const texts = replies.map(({ text }) => text)
    if (!gateway.isReal) expect(texts).toEqual(['Echo: first slow1500', 'Echo: second', 'Echo: third'])
    // A real one that is slow takes what waits into one turn, and the model echoes the latest message of it.
    expect(texts).toEqual([
      expect.stringMatching(/^Echo: first slow1500/),
      expect.stringMatching(/Echo: (?:second|third)$/),
      expect.stringMatching(/Echo: third$/),
    ])
  },
  timeout,
)

it(
  'one idempotency key runs once',
  async () => {
    const client = await connected()
    const { sessionKey } = await client.sessionsSpawn({ key: newKey() })
    const idempotencyKey = randomUUID()
    const first = await client.sessionsSend(sessionKey, '[[once]]', { idempotencyKey })
    await client.reply(first, reply())
    const again = await client.request(
      'sessions.send',
      { key: sessionKey, message: '[[once]]' },
      { idempotencyKey },
    )
    expect(again).toMatchObject({ runId: idempotencyKey, status: 'ok' })
    expect((await client.sessionsHistory(sessionKey)).messages).toHaveLength(2)
  },
  timeout,
)

it(
  'a task begins a run in a new session',
  async () => {
    const client = await connected()
    const spawned = await client.sessionsSpawn({ task: '[[task]]' })
    expect(spawned).toMatchObject({ runStarted: true })
    await expect(client.reply(spawned, reply())).resolves.toMatchObject({ text: 'Echo: task' })
  },
  timeout,
)

it(
  'events of a run come as a stream',
  async () => {
    const client = await connected()
    const { sessionKey } = await client.sessionsSpawn({ key: newKey() })
    const stream = client.stream('chat')
    const run = await client.sessionsSend(sessionKey, '[[streamed]]')
    const states: string[] = []
    for await (const event of stream) {
      if (event.runId !== run.runId) continue
      states.push(event.state)
      if (event.state === 'final') break
    }
    expect(states).toContain('delta')
    expect(states.at(-1)).toBe('final')
    expect(client.listenerCount('chat')).toBe(0)
  },
  timeout,
)

it(
  'a session that is stopped fails its reply',
  async () => {
    const client = await connected()
    const { sessionKey } = await client.sessionsSpawn({ key: newKey() })
    const stream = client.stream('chat')
    const run = await client.sessionsSend(sessionKey, '[[slow20000]]')
    const failure = failureOf(client.reply(run, reply()))
    for await (const event of stream) if (event.runId === run.runId && event.phase === 'starting_model') break
    await client.sessionsKill(sessionKey)
    expect(await failure).toMatchObject({ code: 'ERR_OPENCLAW_RUN', reason: 'aborted' })
  },
  timeout,
)

it.each([
  [
    'an unknown method',
    'sessions_list',
    {},
    { code: 'FORBIDDEN', hint: expect.stringContaining('does not know the method') as string },
  ],
  [
    'an unknown session',
    'sessions.send',
    { key: 'agent:main:nope', message: 'x' },
    { code: 'INVALID_REQUEST' },
  ],
  ['an unknown parameter', 'sessions.list', { kind: 'main' }, { code: 'INVALID_REQUEST' }],
  [
    'a missing scope',
    'sessions.delete',
    { key: 'agent:main:nope' },
    { code: 'FORBIDDEN', detailCode: 'MISSING_SCOPE', retryable: false },
  ],
])(
  '%s is a typed error, and the connection stays',
  async (_name, method, params, expected) => {
    const client = await connected()
    const error = await failureOf(client.request(method, params))
    expect(error).toBeInstanceOf(OpenClawError)
    expect(error).toMatchObject({ ...expected, method, sent: 'no' })
    await expect(client.request('health')).resolves.toMatchObject({ ok: true })
  },
  timeout,
)

it(
  'a wrong token is refused with what to do, and is in no message',
  async () => {
    const client = createClient({ token: 'a-wrong-token-of-this-test' })
    const error = await failureOf(client.connect({ timeoutMs: 60_000 }))
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      detailCode: 'AUTH_TOKEN_MISMATCH',
      retryable: false,
    })
    expect(inspect(error) + JSON.stringify(error)).not.toContain('a-wrong-token-of-this-test')
  },
  timeout,
)

it(
  'no secret at all says what is missing',
  async () => {
    const error = await failureOf(
      new OpenClawGatewayClient({ url: gateway.url, env: {} }).connect({ timeoutMs: 60_000 }),
    )
    expect(error).toMatchObject({ code: 'NOT_PAIRED', detailCode: 'DEVICE_IDENTITY_REQUIRED' })
    expect(error).toHaveProperty('hint', expect.stringContaining('token'))
  },
  timeout,
)

it(
  'scopes that the gateway takes away are an error',
  async () => {
    const client = createClient({ client: { id: 'gateway-client', mode: 'cli' } })
    const error = await failureOf(client.connect({ timeoutMs: 60_000 }))
    expect(error).toMatchObject({
      code: 'ERR_OPENCLAW_SCOPES',
      details: { missingScopes: ['operator.read', 'operator.write'] },
    })
  },
  timeout,
)

it.each(['v3', 'v2'] as const)(
  'a device signs with version %s, and its token is kept for the next time',
  async (signature) => {
    const path = join(folder, `${signature}.json`)
    const first = await connected({ device: { path, signature } })
    await first.disconnect()
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      tokens: { [`${new URL(gateway.url).host} operator`]: {} },
    })
    const second = new OpenClawGatewayClient({ url: gateway.url, env: {}, device: { path, signature } })
    onTestFinished(() => second.disconnect())
    const hello = await second.connect({ timeoutMs: 60_000 })
    expect(hello.auth.method).toBe('device-token')
  },
  timeout,
)

it(
  'a scope that a device was not given is refused, and comes with the shared token',
  async () => {
    const path = join(folder, 'upgrade.json')
    const scopes = ['operator.read']
    await (await connected({ device: { path }, scopes })).disconnect()
    const more = ['operator.read', 'operator.write']
    const alone = new OpenClawGatewayClient({ url: gateway.url, env: {}, device: { path }, scopes: more })
    expect(await failureOf(alone.connect({ timeoutMs: 60_000 }))).toMatchObject({
      detailCode: 'AUTH_SCOPE_MISMATCH',
    })
    const upgraded = await connected({ device: { path }, scopes: more })
    expect(upgraded.hello?.auth.scopes).toEqual(more)
  },
  timeout,
)

it(
  'a request that is larger than the gateway takes is not sent',
  async () => {
    const client = await connected()
    const most = client.hello?.policy.maxPayload ?? 0
    const error = await failureOf(client.sessionsSend('main', 'x'.repeat(most)))
    expect(error).toMatchObject({ code: 'ERR_OPENCLAW_FRAME_TOO_LARGE', sent: 'no' })
    expect(client.connected).toBe(true)
  },
  timeout,
)

it(
  'agent answers when it has accepted, or at the end',
  async () => {
    const client = await connected()
    const send = (expectFinal: boolean) =>
      client.request(
        'agent',
        { message: '[[agent]]', sessionKey: 'agent:main:main' },
        { idempotencyKey: randomUUID(), expectFinal, timeoutMs: gateway.patienceMs },
      )
    await expect(send(false)).resolves.toMatchObject({ status: 'accepted' })
    await expect(send(true)).resolves.toMatchObject({ status: 'ok' })
  },
  timeout,
)
