import type { Socket } from 'node:net'

/** A tunnel that a proxy has granted. */
export interface OpenedTunnel {
  readonly socket: Socket
  /** Bytes that came right behind the proxy's answer, before we said anything to the destination. */
  readonly earlyBytes: number
}
