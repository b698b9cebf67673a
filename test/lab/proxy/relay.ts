import type { Socket } from 'node:net'
import { reset } from './misbehaviour.js'

/** How one direction of a byte stream is carried. */
export interface OneWayOptions {
  /** How long each chunk is under way. */
  readonly delayMs?: number
  /** Sees each chunk when it has come in. */
  readonly received?: (chunk: Buffer) => void
  /** Told how many bytes have just gone out. */
  readonly sent?: (bytes: number) => void
  /** After so many bytes nothing more goes out; `reached` is called when the kernel has the last. */
  readonly limit?: { readonly bytes: number; readonly reached: () => void }
  /** Passes on that the stream broke off without FIN. Default: a RST, which only a TCP socket can send. */
  readonly abort?: () => void
}

type Item = Buffer | 'end' | 'abort'

/** Enough for a long link that is busy, little enough for a runaway to be noticed. */
const QUEUE_LIMIT = 16 * 1024 * 1024

/**
 * One direction: in order, with backpressure, FIN and RST included. Unlike `pipe` it can be frozen while it
 * goes on reading, like a network that has lost the route but not the sockets.
 */
export class OneWay {
  readonly #from: Socket
  readonly #to: Socket
  readonly #options: OneWayOptions
  readonly #delayMs: number
  #queue: { readonly due: number; readonly item: Item }[] = []
  #queuedBytes = 0
  #sentBytes = 0
  #timer: NodeJS.Timeout | undefined
  #blocked = false
  #frozen = false
  #finished = false

  constructor(from: Socket, to: Socket, options: OneWayOptions = {}) {
    this.#from = from
    this.#to = to
    this.#options = options
    this.#delayMs = options.delayMs ?? 0
    from.on('data', (chunk: Buffer) => {
      options.received?.(chunk)
      this.#push(chunk)
    })
    to.on('drain', () => {
      this.#blocked = false
      this.#pump()
    })
    to.once('close', () => {
      this.#finish()
      // A socket that is paused notices no end: it would stay open.
      from.resume()
    })
    if (from.readableEnded) {
      this.#push('end')
    } else if (from.destroyed) {
      this.#push('abort')
    } else {
      from.once('end', () => this.#push('end'))
      from.once('close', () => {
        if (!from.readableEnded) this.#push('abort')
      })
    }
    from.resume()
  }

  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
    this.#pump()
  }

  #push(item: Item): void {
    if (this.#finished) return
    this.#queue.push({ due: this.#delayMs > 0 ? performance.now() + this.#delayMs : 0, item })
    this.#queuedBytes += typeof item === 'string' ? 0 : item.length
    this.#pump()
    if (this.#blocked || this.#queuedBytes > QUEUE_LIMIT) this.#from.pause()
  }

  #pump(): void {
    while (!this.#blocked && !this.#frozen && !this.#finished) {
      const next = this.#queue[0]
      if (next === undefined) break
      const wait = next.due === 0 ? 0 : next.due - performance.now()
      if (wait > 0) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined
          this.#pump()
        }, Math.ceil(wait))
        break
      }
      this.#queue.shift()
      this.#send(next.item)
    }
    const room = !this.#blocked && this.#queuedBytes <= QUEUE_LIMIT
    if (room && this.#from.isPaused() && !this.#from.destroyed) this.#from.resume()
  }

  #send(item: Item): void {
    if (item === 'end') {
      this.#to.end()
    } else if (item === 'abort') {
      if (this.#options.abort) this.#options.abort()
      else reset(this.#to)
    } else {
      this.#queuedBytes -= item.length
      const { limit, sent } = this.#options
      const left = limit === undefined ? Infinity : limit.bytes - this.#sentBytes
      const bytes = item.subarray(0, Math.min(item.length, left))
      this.#sentBytes += bytes.length
      sent?.(bytes.length)
      if (limit !== undefined && item.length >= left) {
        this.#finish()
        this.#to.write(bytes, () => limit.reached())
      } else if (this.#to.writable) {
        this.#blocked = !this.#to.write(bytes)
      }
    }
  }

  #finish(): void {
    this.#finished = true
    this.#queue = []
    this.#queuedBytes = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
