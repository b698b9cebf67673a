/** What a heartbeat asks of its connection. */
export interface HeartbeatActions {
  /** Sends op 1. */
  readonly beat: () => void
  /** Sends a WebSocket ping. */
  readonly ping: () => void
  /** Bytes received so far: a large payload on a slow line is a sign of life before it is complete. */
  readonly received: () => number
  /** The peer is gone, whatever its socket says. */
  readonly dead: (why: string) => void
}

/** Looks at the connection so many times in a heartbeat interval. */
const TICKS_PER_BEAT = 5
/** Silent looks in a row that mean death. With the one that heard the last byte: four fifths of an interval. */
const DEADLY_SILENCE = 3

/**
 * The heartbeat of one connection, and the watch over its peer, on one timer.
 *
 * https://discord.com/developers/docs/events/gateway#sending-heartbeats: the first after a random part of the
 * interval, then one each interval; one that is not acknowledged before the next is due means a zombie.
 *
 * A proxy that vanishes without a FIN would be noticed by that after up to two intervals. So a fifth of an
 * interval in which nothing was heard is followed by a question, and two more without an answer mean that
 * nobody is there. The question is a WebSocket ping (RFC 6455 §5.5.2), which counts for no rate limit, or a
 * heartbeat where this peer has not been seen to answer pings.
 */
export class Heartbeat {
  readonly #actions: HeartbeatActions
  readonly #tickMs: number
  readonly #beatAt: number
  #timer: NodeJS.Timeout
  #due: number
  #tick = 0
  #received = -1
  #silentTicks = 0
  #answersPings = false
  #sentAt = 0
  /** The look before which the oldest unacknowledged heartbeat was sent. */
  #awaitingSince: number | undefined
  #stopped = false
  #roundTripMs: number | null = null

  constructor(intervalMs: number, random: () => number, actions: HeartbeatActions) {
    this.#actions = actions
    this.#tickMs = Math.max(1, Math.floor(intervalMs / TICKS_PER_BEAT))
    // The jitter, in ticks: its whole part says on which of them to beat, its fraction when they begin.
    const jitter = random() * TICKS_PER_BEAT
    this.#beatAt = Math.floor(jitter)
    const firstMs = (jitter % 1) * this.#tickMs
    this.#due = performance.now() + firstMs
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => this.#onTick(), this.#tickMs)
      this.#look()
    }, firstMs)
    actions.ping()
  }

  /** Milliseconds from the latest heartbeat to its acknowledgement; null before the first. */
  get roundTripMs(): number | null {
    return this.#roundTripMs
  }

  pong(): void {
    this.#answersPings = true
  }

  acknowledged(): void {
    if (this.#awaitingSince === undefined) return
    this.#awaitingSince = undefined
    this.#roundTripMs = performance.now() - this.#sentAt
  }

  /** A heartbeat out of turn: Discord asked for one, or silence does. */
  beat(): void {
    if (this.#awaitingSince === undefined) {
      this.#awaitingSince = this.#tick
      this.#sentAt = performance.now()
    }
    this.#actions.beat()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #onTick(): void {
    this.#timer.refresh()
    this.#look()
  }

  #look(): void {
    const now = performance.now()
    // A process that stood still has heard nothing either: such a look proves nothing.
    const late = now - this.#due > this.#tickMs / 4
    this.#due = now + this.#tickMs
    const due = this.#tick++ % TICKS_PER_BEAT === this.#beatAt
    const received = this.#actions.received()
    if (received !== this.#received) this.#silentTicks = 0
    else if (!late) this.#silentTicks += 1
    this.#received = received

    if (this.#silentTicks >= DEADLY_SILENCE) {
      this.#confirm('it answered neither a ping nor a heartbeat')
    } else if (due) {
      if (this.#isUnacknowledged() && !late) this.#confirmUnacknowledged()
      else this.beat()
    } else if (this.#silentTicks > 0) {
      if (this.#answersPings) this.#actions.ping()
      else this.beat()
    }
  }

  /** One that was sent out of turn has not had its interval yet. */
  #isUnacknowledged(): boolean {
    return this.#awaitingSince !== undefined && this.#tick - this.#awaitingSince >= TICKS_PER_BEAT
  }

  /** An answer may lie in the socket, unread because this turn of the event loop began with timers. */
  #confirm(why: string): void {
    setImmediate(() => {
      if (!this.#stopped && this.#actions.received() === this.#received) this.#actions.dead(why)
    })
  }

  #confirmUnacknowledged(): void {
    setImmediate(() => {
      if (this.#stopped) return
      if (this.#isUnacknowledged()) this.#actions.dead('it did not acknowledge the last heartbeat')
      else this.beat()
    })
  }
}
