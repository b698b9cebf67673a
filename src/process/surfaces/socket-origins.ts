import { Socket } from 'node:net'
import { noteProxyConnection } from '../../tunnel/proxy-connections.js'
import type { Decisions } from '../decisions.js'
import type { ConnectTarget } from './connect-arguments.js'

/** A path of this host, as a UNIX socket has it. */
const THIS_HOST: ConnectTarget = { host: 'localhost', port: 0 }

/**
 * Where the sockets of the process lead. TLS and HTTP/2 can be given a socket in place of a host, and what is asked for
 * over it, a name of Discord for one, says nothing of its way.
 */
export class SocketOrigins {
  readonly #decisions: Decisions
  readonly #carried = new WeakSet<object>()
  readonly #chosen = new WeakSet<object>()
  readonly #targets = new WeakMap<object, ConnectTarget>()

  constructor(decisions: Decisions) {
    this.#decisions = decisions
  }

  /** The socket leads through the proxy, or is refused. */
  carry(socket: object): void {
    this.#carried.add(socket)
  }

  isCarried(socket: object): boolean {
    return this.#carried.has(socket)
  }

  /** Somebody has chosen to send it direct. */
  choose(socket: object): void {
    this.#chosen.add(socket)
  }

  /**
   * A socket begins to connect. What was known of an earlier connection of it counts no more.
   *
   * @param target undefined for a path of this host
   */
  note(socket: Socket, target: ConnectTarget | undefined): void {
    this.#carried.delete(socket)
    this.#chosen.delete(socket)
    this.#targets.set(socket, target ?? THIS_HOST)
    const { tunnelled } = this.#decisions
    if (tunnelled === undefined || target === undefined) return
    noteProxyConnection(socket, { port: target.port, target: tunnelled, chained: true })
  }

  /** Whether it connects to a path of this host. */
  isPath(socket: object): boolean {
    return this.#targets.get(socket) === THIS_HOST
  }

  /** `above` leads where `below` leads. */
  inherit(above: object, below: object): void {
    if (this.#carried.has(below)) this.#carried.add(above)
    if (this.#chosen.has(below)) this.#chosen.add(above)
    const target = targetOf(below, this.#targets)
    if (target !== undefined) this.#targets.set(above, target)
  }

  /**
   * Whether it leads past the proxy, or somewhere that is not known: to an address, or as a stream that is no socket of
   * Node. One to this host itself is left to the program, as its connections are, and so is one to the proxy.
   */
  leadsPast(socket: unknown): boolean {
    if (typeof socket !== 'object' || socket === null) return false
    if (this.#carried.has(socket) || this.#chosen.has(socket)) return false
    const target = targetOf(socket, this.#targets)
    if (target === undefined) return true
    return !this.#decisions.isLeft(target.host, target.port)
  }
}

/** A socket that was connected before the installation says it itself. */
function targetOf(socket: object, known: WeakMap<object, ConnectTarget>): ConnectTarget | undefined {
  const target = known.get(socket)
  if (target !== undefined || !(socket instanceof Socket)) return target
  const { remoteAddress: host, remotePort: port } = socket
  return host === undefined || port === undefined ? undefined : { host, port }
}
