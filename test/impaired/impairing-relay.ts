import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { LabAddress } from '../lab/names.js'
import { OneWay } from '../lab/proxy/relay.js'
import { SeededRandom } from './random.js'

export interface Impairment {
  readonly seed: number
  /** How long each chunk is under way, in each direction. */
  readonly delayMs: number
  /** The first of so many connections is reset, at a byte chosen at random. 0: none. */
  readonly resetEach: number
  readonly resetBytes: readonly [least: number, most: number]
  /** The second of so many connections stops for a while, at a moment chosen at random. 0: none. */
  readonly stallEach: number
  readonly stallMs: readonly [least: number, most: number]
}

export interface RelayCounts {
  readonly connections: number
  readonly resets: number
  readonly stalls: number
}

/** When after its beginning a connection may stop: soon, for many do not live long. */
const STALL_WITHIN_MS = 1_500

/** A long and bad link in front of a proxy: it delays, stops for a while, and breaks. */
export class ImpairingRelay {
  readonly #to: LabAddress
  readonly #random: SeededRandom
  #impairment: Impairment
  #connections = 0
  #resets = 0
  #stalls = 0

  private constructor(server: Server, to: LabAddress, impairment: Impairment) {
    this.#to = to
    this.#impairment = impairment
    this.#random = new SeededRandom(impairment.seed)
    server.on('connection', (client: Socket) => this.#accept(client))
  }

  static async listen(at: LabAddress, to: LabAddress, impairment: Impairment): Promise<ImpairingRelay> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(at.port, at.host)
    await once(server, 'listening')
    return new ImpairingRelay(server, to, impairment)
  }

  get counts(): RelayCounts {
    return { connections: this.#connections, resets: this.#resets, stalls: this.#stalls }
  }

  /** New connections are delayed, and neither stopped nor broken any more. */
  calm(): void {
    this.#impairment = { ...this.#impairment, resetEach: 0, stallEach: 0 }
  }

  #accept(client: Socket): void {
    this.#connections += 1
    const { delayMs, resetEach, resetBytes, stallEach, stallMs } = this.#impairment
    const resets = resetEach > 0 && this.#connections % resetEach === 1
    const stalls = stallEach > 0 && this.#connections % stallEach === 2
    const upstream = connect({ ...this.#to, allowHalfOpen: true, noDelay: true })
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    const bytes = this.#random.between(...resetBytes)
    const limit = resets ? { bytes, reached: () => reset() } : undefined
    const reset = (): void => {
      this.#resets += 1
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    // Half of the resets come on the way up, half on the way down.
    const upwards = this.#random.next() < 0.5
    const ways = [
      new OneWay(client, upstream, { delayMs, ...(limit && upwards ? { limit } : {}) }),
      new OneWay(upstream, client, { delayMs, ...(limit && !upwards ? { limit } : {}) }),
    ]
    const after = this.#random.between(0, STALL_WITHIN_MS)
    const lasts = this.#random.between(...stallMs)
    if (!stalls) return
    const begin = setTimeout(() => {
      this.#stalls += 1
      for (const way of ways) way.freeze()
    }, after)
    const end = setTimeout(() => {
      for (const way of ways) way.thaw()
    }, after + lasts)
    client.once('close', () => {
      clearTimeout(begin)
      clearTimeout(end)
    })
  }
}
