import type { Socket } from 'node:net'

/** Counters of one transport since it was created. */
export interface TransportStats {
  readonly tunnels: {
    /** Tunnels (or, on a direct route, connections) that reached their destination. */
    readonly opened: number
    /** Of these, open now. */
    readonly open: number
    /** Requests that went over a connection which had carried one before. */
    readonly reused: number
    /** Attempts that ended in a failure. */
    readonly failed: number
  }
  readonly bytes: {
    /** Bytes on the wire, tunnel and TLS overhead included. */
    readonly sent: number
    readonly received: number
  }
  /** Requests dispatched, WebSocket upgrades included. */
  readonly requests: number
}

/** Keeps the counters; a closed socket's bytes are added up, an open one's are read when asked. */
export class StatsCounter {
  readonly #open = new Set<Socket>()
  #opened = 0
  #reused = 0
  #failed = 0
  #requests = 0
  #sent = 0
  #received = 0

  tunnelOpened(wire: Socket): void {
    this.#opened += 1
    this.#open.add(wire)
    wire.once('close', () => {
      this.#open.delete(wire)
      this.#sent += wire.bytesWritten
      this.#received += wire.bytesRead
    })
  }

  tunnelFailed(): void {
    this.#failed += 1
  }

  request(reused: boolean): void {
    this.#requests += 1
    if (reused) this.#reused += 1
  }

  snapshot(): TransportStats {
    let sent = this.#sent
    let received = this.#received
    for (const wire of this.#open) {
      sent += wire.bytesWritten
      received += wire.bytesRead
    }
    return {
      tunnels: { opened: this.#opened, open: this.#open.size, reused: this.#reused, failed: this.#failed },
      bytes: { sent, received },
      requests: this.#requests,
    }
  }
}
