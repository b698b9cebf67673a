import { connect, type Socket } from 'node:net'
import type { LabAddress } from './names.js'
import { Listener } from './proxy/listener.js'
import { closeGently, reset } from './proxy/misbehaviour.js'

/** How a connection ends before its time: RST, FIN, or not at all, while nothing goes through any more. */
export type RelayFault = 'reset' | 'close' | 'stall'

export interface FaultyRelayOptions {
  /** What stands behind it: a proxy of the lab, or any other server. */
  readonly to: LabAddress
  /** The same seed breaks the same connections after the same number of bytes. */
  readonly seed: number
  /** The share of connections that break. Default 0.2. */
  readonly share?: number
  /** Which breaks they have, each as likely as the others. Default: all. */
  readonly faults?: readonly RelayFault[]
  /** They break after a random number of bytes below this, both directions together. Default 16 KiB. */
  readonly withinBytes?: number
}

/** A stretch of bad network in front of a server. */
export interface FaultyRelay extends AsyncDisposable {
  readonly port: number
  /** Connections that were accepted. */
  readonly accepted: number
  /** Connections that broke, by kind. */
  readonly broken: Readonly<Record<RelayFault, number>>
  readonly openCount: number
  close(): Promise<void>
}

interface Doom {
  readonly fault: RelayFault
  readonly afterBytes: number
}

/** Relays TCP byte for byte, except for the connections that break in the middle of whatever they carry. */
export async function startFaultyRelay(options: FaultyRelayOptions): Promise<FaultyRelay> {
  const { to, seed, share = 0.2, faults = ['reset', 'close', 'stall'], withinBytes = 16_384 } = options
  const random = seededRandom(seed)
  const broken: Record<RelayFault, number> = { reset: 0, close: 0, stall: 0 }
  const upstreams = new Set<Socket>()
  let accepted = 0

  const nextDoom = (): Doom | undefined => {
    // Drawn in any case, so that one connection's fate does not depend on another's.
    const [luck, kind, point] = [random(), random(), random()]
    const fault = faults[Math.floor(kind * faults.length)]
    if (luck >= share || fault === undefined) return undefined
    return { fault, afterBytes: Math.floor(point * withinBytes) }
  }

  const listener = await Listener.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection(client) {
      accepted += 1
      const upstream = connect({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true })
      upstreams.add(upstream)
      upstream.on('error', () => undefined)
      upstream.once('close', () => {
        upstreams.delete(upstream)
        client.destroy()
      })
      client.once('close', () => upstream.destroy())
      new RelayedConnection(client, upstream, nextDoom(), (fault) => (broken[fault] += 1))
    },
  })

  const close = async (): Promise<void> => {
    const gone = [...upstreams].map((upstream) => new Promise((resolve) => upstream.once('close', resolve)))
    await listener.close()
    await Promise.all(gone)
  }
  return {
    port: listener.port,
    get accepted() {
      return accepted
    },
    broken,
    get openCount() {
      return listener.openCount
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

class RelayedConnection {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #doom: Doom | undefined
  readonly #onBreak: (fault: RelayFault) => void
  #left: number
  #over = false

  constructor(
    client: Socket,
    upstream: Socket,
    doom: Doom | undefined,
    onBreak: (fault: RelayFault) => void,
  ) {
    this.#client = client
    this.#upstream = upstream
    this.#doom = doom
    this.#onBreak = onBreak
    this.#left = doom?.afterBytes ?? Infinity
    this.#carry(client, upstream)
    this.#carry(upstream, client)
    if (this.#left === 0) this.#break()
  }

  #carry(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      if (this.#over) return
      const bytes = chunk.subarray(0, Math.min(chunk.length, this.#left))
      this.#left -= bytes.length
      const roomy = to.write(bytes)
      if (this.#left === 0) this.#break()
      else if (!roomy) from.pause()
    })
    to.on('drain', () => from.resume())
    from.once('end', () => {
      if (!this.#over) to.end()
    })
  }

  #break(): void {
    if (this.#doom === undefined) return
    this.#over = true
    this.#onBreak(this.#doom.fault)
    // Whatever still comes is read and lost, also the end of the client that gave up waiting.
    for (const socket of [this.#client, this.#upstream]) {
      socket.resume()
      switch (this.#doom.fault) {
        case 'reset':
          reset(socket)
          break
        case 'close':
          closeGently(socket)
          break
        case 'stall':
          socket.once('end', () => socket.end())
          break
      }
    }
  }
}

/** mulberry32: small, and good enough to choose what breaks. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
