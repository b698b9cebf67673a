import { lookup } from 'node:dns'
import { connect, type LookupFunction, type Socket } from 'node:net'

/** Where a proxy listens. */
export interface ProxyAddress {
  /** Host name or IP address, an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

/** How often a port is looked at in the first minute, and later. */
const EARLY_INTERVAL_MS = 500
const LATE_INTERVAL_MS = 1_000
const EARLY_MS = 60_000

/** A dropped SYN must not hold the next look: the kernel repeats it after 1, 3 and 7 seconds only. */
const GIVEN_UP_MS = 1_000

/** The watches of this process, by address. All that wait for one proxy share one. */
const watches = new Map<string, PortWatch>()

/**
 * Calls `onAnswer` once when the port accepts a TCP connection. Nothing is sent over it. The watch does not keep the
 * process alive.
 *
 * @returns ends the wait; further calls do nothing
 */
export function watchPort(address: ProxyAddress, onAnswer: () => void): () => void {
  const key = `${address.host} ${address.port}`
  let watch = watches.get(key)
  if (watch === undefined) {
    watch = new PortWatch(address, () => watches.delete(key))
    watches.set(key, watch)
  }
  return watch.wait(onAnswer)
}

/** How many ports are being watched. */
export function watchedPorts(): number {
  return watches.size
}

/** The looks at one port, for as long as something waits for it. */
class PortWatch {
  readonly #address: ProxyAddress
  readonly #onEnd: () => void
  readonly #since = performance.now()
  readonly #waiting = new Set<() => void>()
  readonly #probes = new Set<Socket>()
  #timer: NodeJS.Timeout
  /** A lookup cannot be given up, and each occupies a thread: there is one at a time. */
  #lookingUp = false

  constructor(address: ProxyAddress, onEnd: () => void) {
    this.#address = address
    this.#onEnd = onEnd
    this.#timer = this.#schedule()
  }

  wait(onAnswer: () => void): () => void {
    // A function of its own: one that is given twice waits twice.
    const waiter = (): void => onAnswer()
    this.#waiting.add(waiter)
    return () => {
      if (this.#waiting.delete(waiter) && this.#waiting.size === 0) this.#end()
    }
  }

  #schedule(): NodeJS.Timeout {
    const isEarly = performance.now() - this.#since < EARLY_MS
    return setTimeout(
      () => {
        this.#timer = this.#schedule()
        if (!this.#lookingUp) this.#look()
      },
      isEarly ? EARLY_INTERVAL_MS : LATE_INTERVAL_MS,
    ).unref()
  }

  #look(): void {
    const socket = connect({ ...this.#address, lookup: this.#lookup })
    this.#probes.add(socket)
    const givenUp = setTimeout(() => socket.destroy(), GIVEN_UP_MS).unref()
    socket.unref()
    socket.on('error', () => undefined)
    socket.once('connect', () => this.#answered())
    socket.once('close', () => {
      clearTimeout(givenUp)
      this.#probes.delete(socket)
    })
  }

  readonly #lookup: LookupFunction = (host, options, callback) => {
    this.#lookingUp = true
    lookup(host, options, (error, address, family) => {
      this.#lookingUp = false
      callback(error, address, family)
    })
  }

  #answered(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    this.#end()
    for (const waiter of waiting) waiter()
  }

  #end(): void {
    clearTimeout(this.#timer)
    for (const socket of this.#probes) socket.destroy()
    this.#onEnd()
  }
}
