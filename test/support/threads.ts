import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'

interface Thread {
  readonly ended: Promise<unknown>
}

/** The threads of this process that start from now on, until the test has finished. */
export function watchThreads(): readonly Thread[] {
  const threads: Thread[] = []
  const add = (worker: Worker): void => void threads.push({ ended: once(worker, 'exit') })
  process.on('worker', add)
  onTestFinished(() => void process.off('worker', add))
  return threads
}
