import { setImmediate as turn } from 'node:timers/promises'
import type { FleetClock } from '../../src/fleet/timing.js'

/** A clock that stands still until the next timer. */
export class VirtualClock implements FleetClock {
  /** By the millisecond at which they fire. */
  readonly #timers = new Map<number, Set<() => void>>()
  #times: number[] = []
  #now = 1_000_000
  #asleep = 0

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#now + this.#asleep
  }

  /** The machine was suspended: one clock stood still meanwhile. */
  wakeUpAfter(ms: number): void {
    this.#asleep += ms
  }

  after(ms: number, callback: () => void): () => void {
    const at = Math.max(this.#now + 1, Math.ceil(this.#now + ms))
    const known = this.#timers.get(at)
    const due = known ?? new Set()
    if (known === undefined) {
      this.#timers.set(at, due)
      push(this.#times, at)
    }
    due.add(callback)
    return () => due.delete(callback)
  }

  /** Until the next timer has fired and what it began has come to rest. */
  async step(): Promise<void> {
    const at = pop(this.#times)
    if (at === undefined) throw new Error('no timer is left')
    this.#now = at
    const due = this.#timers.get(at) ?? new Set()
    this.#timers.delete(at)
    if (due.size === 0) return
    for (const callback of due) callback()
    await turn()
  }

  async until(isSo: () => boolean): Promise<number> {
    const since = this.#now
    await turn()
    while (!isSo()) await this.step()
    return this.#now - since
  }
}

/** A binary heap of numbers, the least first. */
function push(heap: number[], value: number): void {
  let at = heap.push(value) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if ((heap[parent] ?? 0) <= value) break
    heap[at] = heap[parent] ?? 0
    at = parent
  }
  heap[at] = value
}

function pop(heap: number[]): number | undefined {
  const [least] = heap
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return least
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1
    if ((heap[child] ?? 0) >= last) break
    heap[at] = heap[child] ?? 0
    at = child
  }
  heap[at] = last
  return least
}
