import { GatewayError } from '../gateway/gateway-error.js'

/** https://discord.com/developers/docs/events/gateway#rate-limiting: 120 in 60 seconds for each connection. */
const SENDS_PER_WINDOW = 120
/** Discord counts when they arrive: some may be held up on the way, and those after them not. */
const WINDOW_MS = 60_000 + 1_000
/** For Identify or Resume, and for heartbeats that Discord asks for. */
const RESERVE = 3

/** Hands text to the socket; `flushed` is called when the kernel has it, or with the error. */
export type Write = (text: string, flushed: (error?: Error) => void) => void

interface Pending {
  text: string
  /** Of several with one key only the latest is worth sending. */
  readonly replaces: string | undefined
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[]
}

/**
 * The payloads of one shard that its user wants sent, in order. They wait while there is no session, while the
 * limit is used up and while the socket has not taken the one before; those of a connection that broke go to
 * the next one. Heartbeats pass by it, and its share of the limit leaves room for them.
 */
export class SendQueue {
  readonly #limit: number
  readonly #pending: Pending[] = []
  #sentAt: number[] = []
  #write: Write | undefined
  #share = 0
  #busy = false
  #timer: NodeJS.Timeout | undefined

  /** @param limit how many may wait */
  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#pending.length
  }

  /** Resolves when the socket has taken it. */
  push(text: string, replaces?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const first = this.#busy ? 1 : 0
      const older =
        replaces === undefined
          ? undefined
          : this.#pending.find((pending, index) => index >= first && pending.replaces === replaces)
      if (older !== undefined) {
        older.text = text
        older.waiting.push({ resolve, reject })
        return
      }
      if (this.#pending.length >= this.#limit) {
        reject(tooMany(this.#limit))
        return
      }
      this.#pending.push({ text, replaces, waiting: [{ resolve, reject }] })
      this.#pump()
    })
  }

  /** A session stands: what waits may go. */
  attach(heartbeatIntervalMs: number, write: Write): void {
    this.#share = Math.max(1, SENDS_PER_WINDOW - RESERVE - Math.ceil(WINDOW_MS / heartbeatIntervalMs))
    this.#sentAt = []
    this.#write = write
    this.#pump()
  }

  /** The connection is gone. What it had not taken stays first in line. */
  detach(): void {
    this.#write = undefined
    this.#busy = false
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Nothing will be sent any more. */
  fail(error: Error): void {
    this.detach()
    for (const { waiting } of this.#pending.splice(0)) for (const { reject } of waiting) reject(error)
  }

  #pump(): void {
    const [head] = this.#pending
    const write = this.#write
    if (head === undefined || write === undefined || this.#busy || this.#timer !== undefined) return
    const now = performance.now()
    const oldest = this.#sentAt.findIndex((at) => at > now - WINDOW_MS)
    this.#sentAt.splice(0, oldest === -1 ? this.#sentAt.length : oldest)
    const [first] = this.#sentAt
    if (first !== undefined && this.#sentAt.length >= this.#share) {
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined
          this.#pump()
        },
        Math.ceil(first + WINDOW_MS - now),
      )
      return
    }
    this.#busy = true
    this.#sentAt.push(now)
    write(head.text, (error) => {
      if (error === undefined && this.#pending[0] === head) {
        this.#pending.shift()
        for (const { resolve } of head.waiting) resolve()
      }
      if (this.#write !== write) return
      this.#busy = false
      // After an error the connection is about to end, and the next one begins with this payload.
      if (error === undefined) this.#pump()
    })
  }
}

function tooMany(limit: number): GatewayError {
  return new GatewayError(`${limit} payloads already wait to be sent on this shard`, {
    code: 'ERR_GATEWAY_SEND',
    hint: 'Discord takes 120 in a minute. Send fewer, await each, or raise maxQueuedSends.',
  })
}
