import { connect, type Socket } from 'node:net'
import type { LabNames } from '../names.js'
import type { LabTarget, ProxyConnection } from './connection.js'
import { closeGently } from './misbehaviour.js'
import { OneWay } from './relay.js'

/** Why a target cannot be had. */
export class TargetError extends Error {
  override readonly name = 'TargetError'

  constructor(
    readonly reason: 'unknown host' | 'refused',
    target: LabTarget,
  ) {
    super(`${target.host}:${target.port}: ${reason}`)
  }
}

/**
 * Connects to where the names lead, or to where the fault does; null where the fault has no target at all.
 * Never looks anything up, so the lab cannot reach the outside.
 */
export async function dial(
  connection: ProxyConnection,
  names: LabNames,
  target: LabTarget,
): Promise<Socket | null> {
  const { fault } = connection
  if (fault?.kind === 'not-tls' || fault?.kind === 'tunnel-silence') return null
  const place = fault?.kind === 'misroute' ? fault.to : names.resolve(target.host, target.port)
  if (place === undefined) throw new TargetError(names.has(target.host) ? 'refused' : 'unknown host', target)
  const upstream = connect({ host: place.host, port: place.port, allowHalfOpen: true, noDelay: true })
  connection.own(upstream)
  return new Promise((resolve, reject) => {
    // Destroyed without an error when the client has left meanwhile.
    const failed = (): void => reject(new TargetError('refused', target))
    upstream.on('error', failed).once('close', failed)
    upstream.once('connect', () => resolve(upstream))
  })
}

/** Both directions of an open tunnel. */
export class Tunnel {
  readonly #directions: readonly OneWay[]

  /** `connection` has handed over its socket, and its client has heard that the tunnel is up. */
  constructor(connection: ProxyConnection, upstream: Socket | null) {
    const { socket, fault } = connection
    if (upstream === null) {
      this.#directions = []
      leadNowhere(connection)
      return
    }
    const cut =
      fault?.kind === 'cut-after'
        ? { bytes: fault.bytes, reached: () => cutOff(connection, fault.how ?? 'reset') }
        : undefined
    this.#directions = [
      new OneWay(socket, upstream, {
        received: (chunk) => connection.hear(chunk),
        sent: (bytes) => {
          connection.bytesUp += bytes
          connection.touch()
        },
      }),
      new OneWay(upstream, socket, {
        sent: (bytes) => {
          connection.bytesDown += bytes
          connection.touch()
        },
        abort: () => connection.destroy('reset'),
        ...(cut && { limit: cut }),
      }),
    ]
  }

  freeze(): void {
    for (const direction of this.#directions) direction.freeze()
  }

  thaw(): void {
    for (const direction of this.#directions) direction.thaw()
  }
}

function leadNowhere(connection: ProxyConnection): void {
  const { socket, fault } = connection
  connection.listenToTheEnd()
  socket.on('data', (chunk: Buffer) => {
    connection.bytesUp += chunk.length
    connection.touch()
  })
  if (fault?.kind !== 'not-tls') return
  socket.once('data', () => {
    const banner = Buffer.from('220 mail.invalid ESMTP ready\r\n')
    connection.bytesDown += banner.length
    socket.end(banner)
  })
}

/** libuv reports data and RST that it finds together as data and FIN; so the RST comes a moment later. */
const BEFORE_RESET_MS = 10

function cutOff(connection: ProxyConnection, how: 'close' | 'reset'): void {
  if (how === 'reset') setTimeout(() => connection.destroy('reset'), BEFORE_RESET_MS)
  else closeGently(connection.socket)
}
