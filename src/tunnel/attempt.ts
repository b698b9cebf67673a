import type { Socket } from 'node:net'
import type { TransportPhase } from '../errors.js'
import { nameFailure } from './failures.js'
import type { Via } from './fault.js'

/** What ends an attempt to open a tunnel early. */
export interface AttemptLimits {
  /** Milliseconds until the attempt is given up. */
  readonly timeoutMs: number
  /** The caller's signal and the transport's own. */
  readonly signals: readonly AbortSignal[]
  /** The error for a deadline that fires in `phase`. */
  readonly onTimeout: (phase: TransportPhase) => Error
  /** Called when a step begins. A step can begin again after another one. */
  readonly onPhase?: ((phase: TransportPhase) => void) | undefined
  /** Whether nobody waits for it, so that it must not keep the process alive. Default: false. */
  readonly inBackground?: boolean
}

const PART_MARGIN_MS = 5

/**
 * One bounded attempt: a deadline, the abort signals and every socket opened so far. When it ends early, the pending
 * step rejects at once and each socket is destroyed, so that nothing outlives it.
 */
export class Attempt {
  #phase: TransportPhase = 'proxy-connect'
  readonly #onPhase: ((phase: TransportPhase) => void) | undefined
  /** Made for code that takes an AbortSignal. Most attempts meet none, and making one is not cheap. */
  #controller: AbortController | undefined
  #ending: { readonly reason: unknown } | undefined
  /** Rejects {@link #ended}. */
  #reject: (reason: Error) => void = ignore
  readonly #parts = new Set<Attempt>()
  readonly #sockets = new Set<Socket>()
  readonly #ended: Promise<never>
  /** Milliseconds that it was given. */
  readonly timeoutMs: number
  readonly #expiresAt: number
  readonly #timer: NodeJS.Timeout
  readonly #inBackground: boolean
  readonly #unlisten: (() => void)[] = []

  constructor({ timeoutMs, signals, onTimeout, onPhase, inBackground = false }: AttemptLimits) {
    this.#onPhase = onPhase
    this.#inBackground = inBackground
    this.#ended = new Promise((_resolve, reject) => (this.#reject = reject))
    // Without a pending step it has no other handler.
    this.#ended.catch(ignore)
    this.timeoutMs = timeoutMs
    this.#expiresAt = performance.now() + timeoutMs
    this.#timer = setTimeout(() => this.end(onTimeout(this.phase)), timeoutMs)
    if (inBackground) this.#timer.unref()
    for (const signal of signals) {
      const abort = (): void => this.end(signal.reason)
      if (signal.aborted) abort()
      else {
        signal.addEventListener('abort', abort, { once: true })
        this.#unlisten.push(() => signal.removeEventListener('abort', abort))
      }
    }
  }

  /** The step that is under way. An expired deadline names it. */
  get phase(): TransportPhase {
    return this.#phase
  }

  set phase(phase: TransportPhase) {
    this.#phase = phase
    if (this.#ending === undefined) this.#onPhase?.(phase)
  }

  /** Why it ended early; undefined while it has not, and after it has succeeded. */
  get ending(): { readonly reason: unknown } | undefined {
    return this.#ending
  }

  /** Aborted when the attempt ends early, and never after it has succeeded. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#ending !== undefined) this.#controller.abort(this.#ending.reason)
    }
    return this.#controller.signal
  }

  /** @throws the reason, where the attempt has ended early */
  throwIfEnded(): void {
    if (this.#ending !== undefined) throw this.#ending.reason
  }

  /** Milliseconds left, at least 1. */
  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.#expiresAt - performance.now()))
  }

  /** An equal share of the time left, for the next of so many proxies. */
  shareMs(choices: number): number {
    return Math.max(1, Math.floor(this.remainingMs / choices))
  }

  /** The time that a part may take at most, if its error says more than that of this attempt. */
  get partMs(): number {
    return Math.max(1, this.remainingMs - PART_MARGIN_MS)
  }

  /** An attempt of its own within this one. */
  part(timeoutMs: number, onTimeout: AttemptLimits['onTimeout']): Attempt {
    const part = new Attempt({
      inBackground: this.#inBackground,
      timeoutMs,
      signals: [],
      onTimeout,
      onPhase: (phase) => (this.phase = phase),
    })
    if (this.#ending !== undefined) part.end(this.#ending.reason)
    this.#parts.add(part)
    part.#unlisten.push(() => this.#parts.delete(part))
    return part
  }

  /** Takes charge of a socket: it is destroyed if the attempt ends early. */
  own<T extends Socket>(socket: T): T {
    this.#sockets.add(socket)
    if (this.#inBackground) socket.unref()
    // The listener stays after the attempt: an error before the next owner listens must not end the process.
    socket.on('error', ignore)
    if (this.#ending !== undefined) socket.destroy()
    return socket
  }

  /** Waits for a step, or for the early end of the attempt. */
  async step<T>(phase: TransportPhase, work: Promise<T>): Promise<T> {
    this.phase = phase
    work.catch(ignore)
    return Promise.race([work, this.#ended])
  }

  /** Ends the attempt early: destroys its sockets and rejects its pending step with `reason`. */
  end(reason: unknown): void {
    if (this.#ending !== undefined) return
    this.#ending = { reason }
    this.#reject(reason as Error)
    this.#controller?.abort(reason)
    for (const part of this.#parts) part.end(reason)
    for (const socket of this.#sockets) socket.destroy()
  }

  /**
   * Ends the attempt with the error of a step.
   *
   * @returns why it ended: the reason of an earlier end, or the error with its name
   */
  fail(error: unknown, via: Via): unknown {
    if (this.#ending === undefined) this.end(nameFailure(error, this.phase, via))
    return this.#ending?.reason
  }

  /** Stops the clock. The sockets live on: on success they belong to the caller. */
  dispose(): void {
    clearTimeout(this.#timer)
    for (const unlisten of this.#unlisten) unlisten()
    this.#sockets.clear()
  }
}

function ignore(): void {
  // The attempt has reported this error, or the socket's next owner gets it too.
}
