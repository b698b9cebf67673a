import type { Shard } from './shard.js'

/** Discord lets so many identify in five seconds; to connect them earlier would only keep idle sockets. */
const WAVE_MS = 5_000

/** Starts shards a wave at a time, on one timer. */
export function startInWaves(shards: readonly Shard[], perWave: number, signal: AbortSignal): void {
  if (signal.aborted || shards.length === 0) return
  for (const shard of shards.slice(0, perWave)) shard.start()
  const rest = shards.slice(perWave)
  if (rest.length === 0) return
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', stop)
    startInWaves(rest, perWave, signal)
  }, WAVE_MS)
  const stop = (): void => clearTimeout(timer)
  signal.addEventListener('abort', stop, { once: true })
}
