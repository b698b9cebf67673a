import { setTimeout as sleep } from 'node:timers/promises'
import { OpenClawError, OpenClawGatewayClient } from '../../src/openclaw/index.js'
import { createRandom, type Random } from '../gateway/seeded-random.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'

export interface OpenClawScriptResult {
  readonly script: readonly string[]
  readonly replies: number
  /** Messages that were told to have no answer, because a restart fell between two of one session. */
  readonly told: number
  readonly violations: readonly string[]
}

interface Fault {
  readonly name: string
  readonly inflict: (gateway: FakeGateway, random: Random) => unknown
}

const FAULTS: readonly Fault[] = [
  { name: 'connections reset', inflict: (gateway) => gateway.terminateAll() },
  { name: 'closed as a slow consumer', inflict: (gateway) => gateway.closeAll(1008, 'slow consumer') },
  { name: 'closed for maintenance', inflict: (gateway) => gateway.closeAll(1011, 'internal') },
  {
    name: 'restart',
    inflict: (gateway, random) =>
      gateway.restart({ downMs: random.between(0, 80), startingMs: random.between(0, 80) }),
  },
  {
    name: 'killed and started',
    inflict: (gateway, random) => gateway.restart({ downMs: random.between(0, 80), killed: true }),
  },
  { name: 'events lost', inflict: (gateway, random) => gateway.skipEvents(random.between(1, 5)) },
  {
    name: 'an answer that never comes, then a reset',
    inflict: async (gateway) => {
      gateway.dropAnswersOf.push('sessions.send')
      await sleep(20)
      gateway.terminateAll()
      // A gateway answers what it carries out while its connection stands.
      gateway.dropAnswersOf.length = 0
    },
  },
  {
    name: 'half-open',
    inflict: async (gateway) => {
      gateway.freezeAll()
      await sleep(300)
      gateway.terminateAll()
    },
  },
  { name: 'nothing', inflict: () => undefined },
]

const REPLY_MS = 60_000

/** One run: messages into three sessions, each answered, while faults strike. */
export async function runOpenClawScript(seed: number): Promise<OpenClawScriptResult> {
  const random = createRandom(seed)
  const gateway = await FakeGateway.start({
    tickIntervalMs: 100,
    answer: async (message) => {
      await sleep(random.between(0, 30))
      return `Echo: ${message}`
    },
  })
  const { url, token } = gateway
  const client = new OpenClawGatewayClient({ url, token, env: {}, reconnect: { baseMs: 5, maxMs: 50 } })
  const violations: string[] = []
  const script: string[] = []
  let replies = 0
  let told = 0
  const ask = async (sessionKey: string, message: string): Promise<void> => {
    try {
      const run = await client.sessionsSend(sessionKey, message)
      const reply = await client.reply(run, { timeoutMs: REPLY_MS })
      replies += 1
      if (reply.text !== `Echo: ${message}`) violations.push(`${message} was answered with ${reply.text}`)
    } catch (error) {
      // A later message of the same session has come first: the gateway does not go back, and the client says so.
      if (error instanceof OpenClawError && error.code === 'ERR_OPENCLAW_RUN') told += 1
      else violations.push(`${message} failed: ${String(error)}`)
    }
  }
  try {
    await client.connect()
    const keys = ['one', 'two', 'three'].map((name) => `agent:main:${name}`)
    for (const key of keys) await client.sessionsSpawn({ key })
    const asked: Promise<void>[] = []
    let number = 0
    const count = random.between(3, 7)
    for (let round = 0; round < count; round += 1) {
      // One message for each session at a time: what follows another may be passed over by a restart.
      await Promise.all(asked.splice(0))
      for (const key of keys) asked.push(ask(key, `message ${(number += 1)}`))
      await sleep(random.between(0, 40))
      const fault = random.pick(FAULTS)
      script.push(fault.name)
      await fault.inflict(gateway, random)
    }
    await Promise.all(asked)
    violations.push(...twice(gateway))
    if (told > 0) violations.push(`${told} of ${number} messages were told to have no answer`)
    return { script, replies, told, violations }
  } finally {
    await client.disconnect()
    await gateway.stop()
  }
}

/** No message stands twice in a history, and none has two answers. */
function twice(gateway: FakeGateway): readonly string[] {
  return [...gateway.state.sessions.values()].flatMap(({ key, messages }) => {
    const users = messages.filter(({ role }) => role === 'user').map(({ content }) => String(content))
    const answers = messages.filter(({ role }) => role === 'assistant')
    return [
      ...(new Set(users).size === users.length ? [] : [`${key} has a message twice: ${users.join(', ')}`]),
      ...(answers.length <= users.length
        ? []
        : [`${key} has ${answers.length} answers to ${users.length} messages`]),
    ]
  })
}
