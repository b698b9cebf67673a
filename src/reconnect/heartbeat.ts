/** What a heartbeat asks of its connection. */
export interface HeartbeatActions {
  /** Sends a heartbeat. */
  readonly beat: () => void
  /** Sends a WebSocket ping. */
  readonly ping: () => void
  /** Bytes received so far: a large message on a slow line is a sign of life before it is complete. */
  readonly received: () => number
  /** Whether a message has begun to arrive and is not complete. */
  readonly receiving: () => boolean
  /** The peer no longer answers, even if its socket is open. */
  readonly dead: (cause: 'silence' | 'zombie') => void
}

/** A heartbeat that the peer has acknowledged. */
export interface Acknowledgement {
  /** When it was sent, and when it was acknowledged: milliseconds since 1970. */
  readonly heartbeatAt: number
  readonly ackAt: number
  /** Milliseconds between the two, by a clock that is never set. */
  readonly latency: number
}

/** How often the connection is checked in a heartbeat interval. */
const TICKS_PER_BEAT = 5
/**
 * Silent ticks before the peer is declared dead. With the tick that heard the last byte: four fifths of an
 * interval.
 */
const DEADLY_SILENCE = 3

/**
 * The heartbeat of one connection, and the watch over its peer, on one timer.
 *
 * https://discord.com/developers/docs/events/gateway#sending-heartbeats: the first heartbeat is sent after a random
 * part of the interval, then one each interval. If one is not acknowledged before the next is due, the connection is
 * a zombie.
 *
 * A proxy that vanishes without a FIN would be noticed by that after up to two intervals. So after a fifth of an
 * interval without a byte the peer is asked, and after two more the connection is dead. The question is a WebSocket
 * ping (RFC 6455 §5.5.2), which counts for no rate limit, or a heartbeat if this peer has not answered a ping yet.
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
  #sentOn = 0
  /** The tick before which the oldest unacknowledged heartbeat was sent. */
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
      this.#check()
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

  /** @returns undefined if no heartbeat waits for an acknowledgement */
  acknowledged(): Acknowledgement | undefined {
    if (this.#awaitingSince === undefined) return undefined
    this.#awaitingSince = undefined
    this.#roundTripMs = performance.now() - this.#sentAt
    return { heartbeatAt: this.#sentOn, ackAt: Date.now(), latency: this.#roundTripMs }
  }

  /** A heartbeat out of turn: the peer asked for one, or is silent. */
  beat(): void {
    if (this.#awaitingSince === undefined) {
      this.#awaitingSince = this.#tick
      this.#sentAt = performance.now()
      this.#sentOn = Date.now()
    }
    this.#actions.beat()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #onTick(): void {
    this.#timer.refresh()
    this.#check()
  }

  #check(): void {
    const now = performance.now()
    // A process that was suspended has not read anything either: this tick proves nothing.
    const late = now - this.#due > this.#tickMs / 4
    this.#due = now + this.#tickMs
    const due = this.#tick++ % TICKS_PER_BEAT === this.#beatAt
    const received = this.#actions.received()
    if (received !== this.#received) this.#silentTicks = 0
    else if (!late) this.#silentTicks += 1
    this.#received = received

    if (this.#silentTicks >= DEADLY_SILENCE) {
      this.#confirmSilence()
    } else if (due) {
      if (this.#isUnacknowledged() && !late) this.#confirmZombie()
      else this.beat()
    } else if (this.#silentTicks > 0) {
      if (this.#answersPings) this.#actions.ping()
      else this.beat()
    }
  }

  /**
   * A heartbeat that was sent out of turn has not had its interval yet. An acknowledgement behind a large message
   * cannot arrive before that message.
   */
  #isUnacknowledged(): boolean {
    if (this.#awaitingSince === undefined || this.#actions.receiving()) return false
    return this.#tick - this.#awaitingSince >= TICKS_PER_BEAT
  }

  /** The answer may be in the socket, not read yet because this turn of the event loop began with timers. */
  #confirmSilence(): void {
    setImmediate(() => {
      if (!this.#stopped && this.#actions.received() === this.#received) this.#actions.dead('silence')
    })
  }

  #confirmZombie(): void {
    setImmediate(() => {
      if (this.#stopped) return
      if (this.#isUnacknowledged()) this.#actions.dead('zombie')
      else this.beat()
    })
  }
}
