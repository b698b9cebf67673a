import { once } from 'node:events'
import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { TransportPhase } from '../errors.js'
import type { Attempt } from './attempt.js'
import { asOwnConnection } from './own-connections.js'
import { noteProxyConnection } from './proxy-connections.js'

/** The phases of a connection's steps: those of a proxy, or those of the destination itself. */
interface DialPhases {
  readonly dns: TransportPhase
  readonly connect: TransportPhase
}

export const PROXY_PHASES: DialPhases = { dns: 'proxy-dns', connect: 'proxy-connect' }
const TARGET_PHASES: DialPhases = { dns: 'target-dns', connect: 'target-connect' }

/**
 * TCP options of every connection that we make. The first keep-alive probe after 15 s of silence: libuv
 * sends ten, one second apart, so a peer that vanished without a FIN is detected within half a minute. That is
 * less than Discord's heartbeat interval of 41 s.
 */
export const TCP_OPTIONS = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 15_000,
} as const satisfies Partial<TcpNetConnectOpts>

interface Address {
  /** Name or IP address, an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * Opens a TCP connection within the attempt.
 *
 * @param target where the tunnel in it will lead: it goes to a proxy. Undefined: it goes to the destination itself
 */
export async function dial(
  { host, port }: Address,
  target: Address | undefined,
  attempt: Attempt,
): Promise<Socket> {
  const socket = attempt.own(asOwnConnection(() => connect({ ...TCP_OPTIONS, host, port })))
  if (target !== undefined) noteProxyConnection(socket, { port, target, chained: false })
  followDial(socket, host, target === undefined ? TARGET_PHASES : PROXY_PHASES, attempt)
  await attempt.step(attempt.phase, once(socket, 'connect'))
  return socket
}

/** Keeps the attempt's phase in step with a connecting socket: name, then TCP. */
export function followDial(socket: Socket, host: string, phases: DialPhases, attempt: Attempt): void {
  if (isIP(host) !== 0) {
    attempt.phase = phases.connect
    return
  }
  attempt.phase = phases.dns
  socket.once('lookup', (error: Error | null) => {
    if (error === null) attempt.phase = phases.connect
  })
}
