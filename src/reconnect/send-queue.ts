/** Hands text to the socket. `flushed` is called when the kernel has taken it, or with the error. */
export type Write = (text: string, flushed: (error?: Error) => void) => void

export interface SendQueueSettings {
  /** How many payloads may wait. */
  readonly maxQueued: number
  /** The rate limit of the peer is counted in windows of this length. */
  readonly windowMs: number
  /** The rejection of one payload too many. */
  readonly full: () => Error
}

/** How one payload is queued. */
export interface PushOptions {
  /** Of several that wait with one key only the latest is worth sending. */
  readonly replaces?: string | undefined
  /** Before all that wait: it was sent once, and its connection ended. */
  readonly first?: boolean
  /** Asked before each attempt to write it. `false`: it is no longer wanted, and is dropped. */
  readonly begin?: () => boolean
}

interface Pending {
  text: string
  /** Of several with one key only the latest is worth sending. */
  readonly replaces: string | undefined
  readonly begin: (() => boolean) | undefined
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[]
}

/**
 * The payloads that the user wants to send, in order. They wait while there is no session, while the rate limit is
 * used up, and while the socket has not taken the one before. What a broken connection had not taken is sent first
 * on the next connection. Heartbeats do not pass through this queue.
 */
export class SendQueue {
  readonly #settings: SendQueueSettings
  readonly #pending: Pending[] = []
  #sentAt: number[] = []
  #write: Write | undefined
  #perWindow = 0
  #busy = false
  #timer: NodeJS.Timeout | undefined

  constructor(settings: SendQueueSettings) {
    this.#settings = settings
  }

  get length(): number {
    return this.#pending.length
  }

  /** Resolves when the socket has taken it, or when it is no longer wanted. */
  push(text: string, { replaces, first = false, begin }: PushOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const older = this.#replaced(replaces)
      if (older !== undefined) {
        older.text = text
        older.waiting.push({ resolve, reject })
        return
      }
      if (this.#pending.length >= this.#settings.maxQueued) {
        reject(this.#settings.full())
        return
      }
      const pending = { text, replaces, begin, waiting: [{ resolve, reject }] }
      if (first) this.#pending.unshift(pending)
      else this.#pending.push(pending)
      this.#pump()
    })
  }

  /**
   * There is a session: what waits may go.
   *
   * @param perWindow payloads in each window
   */
  attach(perWindow: number, write: Write): void {
    this.#perWindow = Math.max(1, perWindow)
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

  /** The one that waits with the same key. The first is not replaced while the socket is taking it. */
  #replaced(key: string | undefined): Pending | undefined {
    if (key === undefined) return undefined
    const first = this.#busy ? 1 : 0
    return this.#pending.find(({ replaces }, index) => index >= first && replaces === key)
  }

  #pump(): void {
    const [head] = this.#pending
    const write = this.#write
    if (head === undefined || write === undefined || this.#busy || this.#timer !== undefined) return
    const waitMs = this.#limitedMs()
    if (waitMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#pump()
      }, waitMs)
      return
    }
    if (head.begin?.() === false) {
      this.#pending.shift()
      for (const { resolve } of head.waiting) resolve()
      this.#pump()
      return
    }
    this.#busy = true
    this.#sentAt.push(performance.now())
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

  /** Milliseconds until the rate limit lets the next one through. */
  #limitedMs(): number {
    const { windowMs } = this.#settings
    const now = performance.now()
    const oldest = this.#sentAt.findIndex((at) => at > now - windowMs)
    this.#sentAt.splice(0, oldest === -1 ? this.#sentAt.length : oldest)
    const [first] = this.#sentAt
    return first !== undefined && this.#sentAt.length >= this.#perWindow
      ? Math.ceil(first + windowMs - now)
      : 0
  }
}
