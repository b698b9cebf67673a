import { connect } from 'node:net'
import { Listener, type LabHost } from './listener.js'
import { OneWay } from './relay.js'

/**
 * A long cable in front of a server on loopback: each chunk takes `delayMs` in either direction, FIN and RST
 * included. Only TCP's own handshake stays short.
 */
export async function layWire(options: {
  readonly host: LabHost
  readonly port: number
  readonly delayMs: number
  readonly to: number
}): Promise<Listener> {
  const { host, port, delayMs, to } = options
  return Listener.listen({
    host,
    port,
    onConnection(near) {
      const far = connect({ host, port: to, allowHalfOpen: true, noDelay: true })
      far.on('error', () => undefined)
      new OneWay(near, far, { delayMs })
      new OneWay(far, near, { delayMs })
    },
  })
}
