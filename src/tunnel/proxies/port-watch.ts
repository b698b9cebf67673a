import { lookup } from 'node:dns'
import { connect, type LookupFunction, type Socket } from 'node:net'
import { asOwnConnection } from '../own-connections.js'

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
    watch = startWatch(address, () => watches.delete(key))
    watches.set(key, watch)
  }
  const { waiting, end } = watch
  // A function of its own: one that is given twice waits twice.
  const waiter = (): void => onAnswer()
  waiting.add(waiter)
  return () => {
    if (waiting.delete(waiter) && waiting.size === 0) end()
  }
}

/** How many ports are being watched. */
export function watchedPorts(): number {
  return watches.size
}

/** The looks at one port, for as long as something waits for it. */
interface PortWatch {
  readonly waiting: Set<() => void>
  readonly end: () => void
}

function startWatch({ host, port }: ProxyAddress, onEnd: () => void): PortWatch {
  const since = performance.now()
  const waiting = new Set<() => void>()
  const probes = new Set<Socket>()
  /** A lookup cannot be given up, and each occupies a thread: there is one at a time. */
  let lookingUp = false
  const lookupOnce: LookupFunction = (name, options, callback) => {
    lookingUp = true
    lookup(name, options, (error, address, family) => {
      lookingUp = false
      callback(error, address, family)
    })
  }
  const look = (): void => {
    const socket = asOwnConnection(() => connect({ host, port, lookup: lookupOnce }))
    probes.add(socket)
    const givenUp = setTimeout(() => socket.destroy(), GIVEN_UP_MS).unref()
    socket.unref()
    socket.on('error', () => undefined)
    socket.once('connect', () => {
      const waiters = [...waiting]
      waiting.clear()
      end()
      for (const waiter of waiters) waiter()
    })
    socket.once('close', () => {
      clearTimeout(givenUp)
      probes.delete(socket)
    })
  }
  const schedule = (): NodeJS.Timeout => {
    const isEarly = performance.now() - since < EARLY_MS
    const again = (): void => {
      timer = schedule()
      if (!lookingUp) look()
    }
    return setTimeout(again, isEarly ? EARLY_INTERVAL_MS : LATE_INTERVAL_MS).unref()
  }
  let timer = schedule()
  const end = (): void => {
    clearTimeout(timer)
    for (const socket of probes) socket.destroy()
    onEnd()
  }
  return { waiting, end }
}
