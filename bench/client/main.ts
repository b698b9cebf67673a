import type { BenchClient, CreateClient } from '../contender.js'
import type { Answers, Burst, Command, Load, Reply, Upload } from './commands.js'

/** The process of one contender: loads its file, and does what the bench tells it. */

const [file = ''] = process.argv.slice(2)
const { default: create } = (await import(file)) as { readonly default: CreateClient }

let current: BenchClient | undefined

function client(): BenchClient {
  if (current === undefined) throw new Error('no client is open')
  return current
}

async function load(inFlight: number, ms: number): Promise<Load> {
  const { send } = client()
  const latencies: number[] = []
  let failed = 0
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const end = startedAt + ms
  const worker = async (): Promise<void> => {
    for (let at = performance.now(); at < end;) {
      try {
        await send()
      } catch {
        failed += 1
      }
      const now = performance.now()
      latencies.push(now - at)
      at = now
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const elapsed = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  latencies.sort((one, other) => one - other)
  const at = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] ?? 0
  return {
    sends: latencies.length - failed,
    failed,
    ms: elapsed,
    cpuMicros: user + system,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

async function burst(count: number): Promise<Burst> {
  const { send } = client()
  const startedAt = performance.now()
  const sends = await Promise.allSettled(Array.from({ length: count }, () => send()))
  const arrived = sends.filter(({ status }) => status === 'fulfilled').length
  return { ms: performance.now() - startedAt, arrived }
}

async function upload(path: string): Promise<Upload> {
  const before = process.memoryUsage.rss()
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5)
  const startedAt = performance.now()
  try {
    await client().upload(path)
  } finally {
    clearInterval(timer)
  }
  return { ms: performance.now() - startedAt, peakBytes: peak - before }
}

async function timed(work: () => unknown): Promise<{ ms: number }> {
  const startedAt = performance.now()
  await work()
  return { ms: performance.now() - startedAt }
}

async function close(): Promise<void> {
  const open = current
  current = undefined
  await open?.close()
}

async function obey(command: Command): Promise<Answers[keyof Answers]> {
  switch (command.do) {
    case 'open':
      await close()
      return timed(async () => (current = await create(command.destination)))
    case 'load':
      return load(command.inFlight, command.ms)
    case 'send':
      return timed(() => client().send())
    case 'warm': {
      const { warm } = client()
      return { ...(await timed(() => warm?.())), able: warm !== undefined }
    }
    case 'burst':
      return burst(command.count)
    case 'upload':
      return upload(command.path)
    case 'close':
      return timed(close)
  }
}

process.on('message', (command: Command) => {
  const reply = (message: Reply): void => void process.send?.(message)
  obey(command).then(
    (answer) => reply({ answer }),
    (error: unknown) =>
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ answer: { ms: performance.now() } } satisfies Reply)
