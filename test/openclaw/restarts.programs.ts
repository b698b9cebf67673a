import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { OpenClawGatewayClient, type OpenClawClientOptions } from '../../src/openclaw/index.js'
import { SharingProcess } from './sharing-process.js'
import { startGateway } from './gateway-under-test.js'

/** As suite.test.ts: against the fake gateway, and against a real one by `npm run test:openclaw`. */

let gateway: Awaited<ReturnType<typeof startGateway>>

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

const timeout = 400_000

async function connected(options: OpenClawClientOptions = {}): Promise<OpenClawGatewayClient> {
  const client = new OpenClawGatewayClient({ url: gateway.url, token: gateway.token, env: {}, ...options })
  onTestFinished(() => client.disconnect())
  await client.connect({ timeoutMs: 120_000 })
  return client
}

it.each(['requested', 'stopped and started'] as const)(
  'no reply is lost and none comes twice over a restart that is %s',
  async (how) => {
    const client = await connected()
    const keys = ['a', 'b', 'c'].map((name) => `agent:main:${name}-${randomUUID()}`)
    for (const key of keys) await client.sessionsSpawn({ key })
    const messages = new Map(keys.map((key, at) => [key, `[[slow${1_000 + 500 * at} ${randomUUID()}]]`]))
    const restarted = once(client, 'restarted')
    const runs = await Promise.all([...messages].map(([key, message]) => client.sessionsSend(key, message)))
    const replies = runs.map((run) => client.reply(run, { timeoutMs: gateway.patienceMs }))
    // A real gateway answers it when the run ends: it is under way when the restart comes. It has no key.
    const params = { runId: runs[2]?.runId, timeoutMs: 60_000 }
    const waits = gateway.isReal
      ? client.request('agent.wait', params, { timeoutMs: gateway.patienceMs })
      : undefined
    const [settled, [wait]] = await Promise.all([
      Promise.allSettled(replies),
      Promise.allSettled([waits]),
      gateway.restart(how),
    ])
    for (const [at, outcome] of settled.entries()) {
      const message = messages.get(keys[at] ?? '') ?? ''
      expect(outcome).toMatchObject({ status: 'fulfilled', value: { text: `Echo: ${message.slice(2, -2)}` } })
    }
    if (wait.status === 'rejected')
      expect(wait.reason).toMatchObject({ code: 'ERR_OPENCLAW_CONNECTION_LOST', sent: 'maybe' })
    await restarted
    for (const key of keys) {
      const asked = (await client.sessionsHistory(key)).messages.filter(({ role }) => role === 'user')
      expect(asked).toHaveLength(1)
    }
  },
  timeout,
)

/** Two processes that share a device file, and its path. */
async function twoProcesses(): Promise<{
  readonly processes: readonly SharingProcess[]
  readonly path: string
}> {
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-shared-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'device.json')
  const { url, token } = gateway
  const start = (): Promise<SharingProcess> =>
    SharingProcess.start({ OPENCLAW_URL: url, OPENCLAW_TOKEN: token, OPENCLAW_DEVICE: path })
  // The file is made by one of them.
  const processes = await Promise.all([start(), start()])
  onTestFinished(async () => {
    await Promise.all(processes.map((one) => one.end()))
  })
  await Promise.all(processes.map((one) => one.said('connected')))
  return { processes, path }
}

it(
  'two processes with one device file get their replies over a restart',
  async () => {
    const { processes } = await twoProcesses()
    const watcher = await connected()
    let isOver = false
    watcher.once('restarted', () => (isOver = true))
    const restarting = gateway.restart('requested')
    // A real gateway waits for some runs before it restarts: it gets messages until it has.
    for (let round = 0, last = false; !last; round += 1) {
      last = isOver
      const texts = processes.map((_one, at) => `slow1000 round ${round} of ${at}`)
      const asked = processes.map((one, at) => one.ask(`[[${texts[at] ?? ''}]]`, gateway.patienceMs))
      expect(await Promise.all(asked)).toEqual(texts.map((text) => `Echo: ${text}`))
    }
    await restarting
  },
  timeout,
)

it(
  'two processes with one device file stay connected while a third one makes the gateway replace its token',
  async () => {
    const { processes, path } = await twoProcesses()
    const ask = (round: string) =>
      processes.map((one, at) => one.ask(`[[${round} ${at}]]`, gateway.patienceMs))
    expect(await Promise.all(ask('first'))).toEqual(['Echo: first 0', 'Echo: first 1'])
    const tokenBefore = await readFile(path, 'utf8')
    const scopes = ['operator.read', 'operator.write', 'operator.approvals']
    await connected({ device: { path }, scopes })
    expect(await readFile(path, 'utf8')).not.toBe(tokenBefore)
    expect(await Promise.all(ask('second'))).toEqual(['Echo: second 0', 'Echo: second 1'])
    // Both have only the file from here on: the shared token is gone from them.
    for (const one of processes) one.reconnect()
    await Promise.all(processes.map((one) => one.said('by device-token')))
    expect(await Promise.all(ask('third'))).toEqual(['Echo: third 0', 'Echo: third 1'])
  },
  timeout,
)
