import { setTimeout as sleep } from 'node:timers/promises'
import { createDiscordTransport, type DiscordTransport, type GatewayClient } from '../../src/index.js'
import { labAuthority } from '../lab/certificates.js'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type Fault, type LabProxy } from '../lab/proxy/index.js'
import { ownBot, type FaultBot, type ReceivedDispatch, type StartBot } from './fault-bot.js'
import { createRandom, type Random } from './seeded-random.js'

/** What a run came to. */
export interface ScriptResult {
  readonly seed: number
  /** The faults in order, each with the milliseconds until events came again. */
  readonly script: readonly string[]
  readonly dispatched: number
  readonly sessions: number
  readonly resumes: number
  /** What must not have happened; empty when all is well. */
  readonly violations: readonly string[]
}

const HEARTBEAT_MS = 1_000
const CONNECT_TIMEOUT_MS = 500
/** Of the machine: other runs go on at the same time, in one process with Discord and the proxies. */
const SLACK_MS = 6_000
/** One to five seconds after an invalid session, and the identify window. */
const IDENTIFY_MS = 5_000 + 5_500

interface Run {
  readonly random: Random
  readonly discord: FakeDiscord
  readonly transport: DiscordTransport
  /** The gateway client, whatever stands above it. */
  readonly gateway: GatewayClient
  readonly names: LabNames
  proxy: LabProxy
  /** Sessions that were taken from the client: each allows one identify. */
  forced: number
}

interface ScriptedFault {
  readonly name: string
  /** Milliseconds after its end within which events have to come again. */
  readonly boundMs: number
  /** Resolves when the fault is over. */
  readonly inflict: (run: Run) => unknown
}

/** A session is only taken from a client that has one. */
function force(run: Run): void {
  run.forced += run.discord.gateway.connections.length > 0 ? 1 : 0
}

/** Until the client has noticed, or longer than it may take. */
async function untilNoticed(run: Run): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 3 * HEARTBEAT_MS)
    run.gateway.once('reconnecting', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Proxies in a bad way for the connections of a while. */
function badProxy(name: string, fault: (random: Random) => Fault): ScriptedFault {
  return {
    name,
    boundMs: CONNECT_TIMEOUT_MS,
    inflict: async (run) => {
      const { proxy, random } = run
      proxy.fault = fault(random)
      proxy.cut()
      await sleep(random.between(20, 600))
      proxy.fault = undefined
    },
  }
}

const RESUMABLE_CODES = [4000, 4001, 4002, 4003, 4005, 4008]

const FAULTS: readonly ScriptedFault[] = [
  {
    name: 'a close code after which to resume',
    boundMs: 0,
    inflict: ({ discord, random }) => discord.gateway.closeAll(random.pick(RESUMABLE_CODES)),
  },
  {
    name: 'a close code after which to identify',
    boundMs: IDENTIFY_MS,
    inflict: (run) => {
      force(run)
      run.discord.gateway.closeAll(run.random.pick([4007, 4009]))
    },
  },
  {
    name: 'invalid session, resumable',
    boundMs: 0,
    inflict: ({ discord }) => discord.gateway.invalidSession(true),
  },
  {
    name: 'invalid session',
    boundMs: IDENTIFY_MS,
    inflict: (run) => {
      force(run)
      run.discord.gateway.invalidSession(false)
    },
  },
  {
    name: 'a session that Discord has forgotten',
    boundMs: IDENTIFY_MS,
    inflict: (run) => {
      run.forced += run.discord.gateway.sessions.length > 0 ? 1 : 0
      run.discord.gateway.terminateAll()
      run.discord.gateway.forgetSessions()
    },
  },
  { name: 'reconnect', boundMs: 0, inflict: ({ discord }) => discord.gateway.requestReconnect() },
  {
    name: 'zombie',
    boundMs: 0,
    inflict: async (run) => {
      run.discord.gateway.stopAcknowledging()
      await untilNoticed(run)
      run.discord.gateway.resumeAcknowledging()
    },
  },
  { name: 'tunnel reset', boundMs: 0, inflict: ({ proxy }) => proxy.cut() },
  { name: 'tunnel closed', boundMs: 0, inflict: ({ proxy }) => proxy.cut(undefined, 'close') },
  badProxy('cut at random bytes', (random) => ({
    kind: 'cut-after',
    bytes: random.between(1, 12_000),
    how: random.pick(['close', 'reset'] as const),
  })),
  badProxy('a proxy that answers nothing', () => ({ kind: 'request', verb: 'silence' })),
  badProxy('a proxy that resets', () => ({ kind: 'request', verb: 'reset' })),
  badProxy('a proxy that answers garbage', () => ({ kind: 'accept', verb: 'garbage' })),
  badProxy('a tunnel that leads nowhere', () => ({ kind: 'tunnel-silence' })),
  {
    name: 'proxy killed and restarted',
    boundMs: 200,
    inflict: async (run) => {
      const { port, scheme } = run.proxy
      await run.proxy.close()
      await sleep(run.random.between(0, 800))
      run.proxy = await startProxy({ scheme, names: run.names, port })
    },
  },
  {
    name: 'proxy swapped for another',
    boundMs: 500,
    inflict: async (run) => {
      const { random, names, transport, proxy } = run
      const scheme = random.pick(['http', 'socks5', 'socks4a'] as const)
      const delayMs = random.pick([0, 0, random.between(1, 60)])
      run.proxy = await startProxy({ scheme, names, delayMs })
      transport.setProxy(run.proxy.url)
      await sleep(random.between(0, 100))
      await proxy.close()
    },
  },
  {
    name: 'blackhole at the proxy',
    boundMs: CONNECT_TIMEOUT_MS,
    inflict: async (run) => {
      run.proxy.freeze()
      await untilNoticed(run)
      run.proxy.thaw()
    },
  },
  {
    name: 'a proxy that stalls for a moment',
    boundMs: CONNECT_TIMEOUT_MS,
    inflict: async ({ proxy, random }) => {
      proxy.freeze()
      await sleep(random.between(10, 400))
      proxy.thaw()
    },
  },
  {
    name: 'Discord stands still',
    boundMs: 0,
    inflict: async (run) => {
      run.discord.gateway.freeze()
      await untilNoticed(run)
    },
  },
  {
    name: 'a payload that is none',
    boundMs: 0,
    inflict: ({ discord, random }) => {
      const garbage = random.pick([
        '{"op":0,"s":',
        '[]',
        Buffer.from('\x17\x03garbage\0\0\xff\xff', 'latin1'),
      ])
      for (const connection of discord.gateway.connections) connection.sendRaw(garbage)
    },
  },
  {
    name: 'an upgrade refused or stalled',
    boundMs: 2 * CONNECT_TIMEOUT_MS,
    inflict: ({ discord, random }) => {
      if (random.next() < 0.5) discord.gateway.refuseUpgradeOnce({ status: random.pick([429, 500, 503]) })
      else discord.gateway.stallUpgradeOnce()
      discord.gateway.terminateAll()
    },
  },
  {
    name: 'a reconnect that the user asked for',
    boundMs: 0,
    inflict: ({ gateway }) => gateway.reconnect(),
  },
]

/**
 * One run: a bot under a random script of faults, while Discord goes on dispatching.
 *
 * @param startBot the bot; default: a bare gateway client
 */
export async function runFaultScript(seed: number, startBot: StartBot = ownBot): Promise<ScriptResult> {
  const random = createRandom(seed)
  const names = new LabNames()
  const discord = await startDiscord({
    names,
    ca: await labAuthority(),
    heartbeatIntervalMs: HEARTBEAT_MS,
    replayLimit: 100_000,
  })
  const proxy = await startProxy({ scheme: random.pick(['http', 'socks5'] as const), names })
  const transport = createDiscordTransport({
    proxy: proxy.url,
    tls: { ca: discord.ca },
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    env: {},
  })
  const sockets = countSockets(transport)
  let bot: FaultBot | undefined
  let run: Run | undefined
  let number = 0
  const dispatching = setInterval(() => discord.gateway.dispatch('LAB', { number: ++number }), 20)
  const script: string[] = []
  try {
    bot = await startBot({ transport, discord, random })
    const record = new Record(bot)
    run = { random, discord, transport, gateway: bot.gateway, names, proxy, forced: 0 }
    await bot.connect()
    const count = random.between(3, 8)
    for (let index = 0; index < count; index += 1) {
      const faults = [random.pick(FAULTS), ...(random.next() < 0.25 ? [random.pick(FAULTS)] : [])]
      const name = faults.map((fault) => fault.name).join(', then ')
      for (const fault of faults) await fault.inflict(run)
      const since = performance.now()
      const boundMs = faults.reduce((sum, fault) => sum + fault.boundMs, SLACK_MS)
      const back = await record.reaches(number + 1, boundMs)
      script.push(`${name}: ${Math.round(performance.now() - since)} ms`)
      if (!back) record.violations.push(`no event within ${Math.round(boundMs)} ms after: ${name}`)
      await sleep(random.between(0, 150))
    }
    clearInterval(dispatching)
    if (!(await record.reaches(number, SLACK_MS + IDENTIFY_MS)))
      record.violations.push(`the last event, ${number}, never came`)
    return {
      seed,
      script,
      dispatched: record.dispatched,
      sessions: discord.gateway.identifies.length,
      resumes: discord.gateway.resumes.length,
      violations: [...record.violations, ...excesses(run, sockets.peak)],
    }
  } finally {
    clearInterval(dispatching)
    await bot?.close()
    await transport.close()
    await (run?.proxy ?? proxy).close()
    await discord.close()
  }
}

/** What a run did too often or too soon. */
function excesses({ discord, forced }: Run, sockets: number): string[] {
  const { identifies, sessionStarts } = discord.gateway
  const violations: string[] = []
  if (identifies.length > 1 + forced)
    violations.push(`${identifies.length} identifies where ${1 + forced} were enough`)
  if (sessionStarts.violations > 0) violations.push(`${sessionStarts.violations} identifies came too soon`)
  if (sockets > 1) violations.push(`${sockets} sockets were open at one time`)
  return violations
}

/** How many WebSockets of the client are there at one time, from their creation to their `close`. */
function countSockets(transport: DiscordTransport): { readonly peak: number } {
  const count = { open: 0, peak: 0 }
  const create = transport.createWebSocket.bind(transport)
  transport.createWebSocket = (url, options) => {
    const socket = create(url, options)
    count.open += 1
    count.peak = Math.max(count.peak, count.open)
    socket.once('close', () => (count.open -= 1))
    return socket
  }
  return count
}

/** What the client dispatched, checked as it comes: per session complete, in order, without a repeat. */
class Record {
  readonly violations: string[] = []
  dispatched = 0
  #sessionId: string | undefined
  #sequence = 0
  #number = 0
  #look: () => void = () => undefined

  constructor({ gateway, onDispatch }: FaultBot) {
    onDispatch(({ s, d }: ReceivedDispatch) => {
      this.dispatched += 1
      const sessionId = gateway.session?.id
      if (sessionId !== this.#sessionId) {
        this.#sessionId = sessionId
        this.#sequence = 0
      }
      if (s !== this.#sequence + 1) this.violations.push(`event ${s} came after event ${this.#sequence}`)
      this.#sequence = s
      const data: unknown = d
      if (typeof data === 'object' && data !== null && 'number' in data && typeof data.number === 'number') {
        if (data.number <= this.#number) this.violations.push(`${data.number} came after ${this.#number}`)
        this.#number = data.number
        this.#look()
      }
    })
    gateway.on('closed', ({ error }) => {
      if (error !== null) this.violations.push(`closed for good: ${error.message}`)
    })
  }

  /** Whether an event of this number or a later one comes in time. */
  reaches(number: number, withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#look = () => undefined
        resolve(false)
      }, withinMs)
      this.#look = () => {
        if (this.#number < number) return
        clearTimeout(timer)
        this.#look = () => undefined
        resolve(true)
      }
      this.#look()
    })
  }
}
