import type { ClientProcess } from '../client/client-process.js'
import { IN_FLIGHT } from '../limits.js'
import type { Servers } from '../servers/start.js'
import type { Result } from '../results.js'

export interface Running {
  readonly result: Result
  readonly client: ClientProcess
}

/** Takes each its turn; who fails is noted, and out. */
export async function eachTurn(
  running: readonly Running[],
  turn: (one: Running) => Promise<void>,
): Promise<void> {
  for (const one of running) {
    if (one.result.failed === true) continue
    try {
      await turn(one)
    } catch (error) {
      one.result.failed = true
      one.result.note = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    }
  }
}

export interface LoadSettings {
  readonly rounds: number
  readonly warmUpMs: number
  /** Before each turn, not measured: pools give idle tunnels up between two turns, and differ in when. */
  readonly rampMs: number
  readonly loadMs: number
  readonly roundsWithinMs: number
}

/**
 * Sends a second, CPU and latency. All take turns in each round, and every other round goes backwards: none
 * is always first, and a ratio compares neighbours in time.
 */
export async function measureLoads(
  running: readonly Running[],
  servers: Servers,
  settings: LoadSettings,
): Promise<void> {
  await eachTurn(running, async ({ result, client }) => {
    await client.open(servers.destination(result.contender.proxy, 'near'))
    await client.ask({ do: 'load', inFlight: 16, ms: settings.warmUpMs })
  })
  const lastAt = performance.now() + settings.roundsWithinMs
  for (let round = 0; round < settings.rounds && (round === 0 || performance.now() < lastAt); round += 1) {
    for (const inFlight of IN_FLIGHT) {
      const turns = round % 2 === 0 ? running : [...running].reverse()
      await eachTurn(turns, async ({ result, client }) => {
        await client.ask({ do: 'load', inFlight, ms: settings.rampMs })
        const load = await client.ask({ do: 'load', inFlight, ms: settings.loadMs })
        if (load.failed > 0) result.note = `${load.failed} sends failed under load`
        const loads = result.loads.get(inFlight) ?? []
        result.loads.set(inFlight, [...loads, load])
      })
    }
  }
}
