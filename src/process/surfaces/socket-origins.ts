import { Socket } from 'node:net'
import { noteProxyConnection } from '../../tunnel/proxy-connections.js'
import type { Decisions } from '../decisions.js'
import type { ConnectTarget } from './connect-arguments.js'

/** A path of this host, as a UNIX socket has it. */
const THIS_HOST: ConnectTarget = { host: 'localhost', port: 0 }

/** What an installation knows of a socket. */
interface Origin {
  readonly knownTo: SocketOrigins
  readonly target: ConnectTarget | undefined
  /** `carried`: through the proxy, or refused. `chosen`: direct, as somebody wants it. */
  readonly way?: 'carried' | 'chosen' | undefined
}

/** Its constructor returns the object that it is given, so a class below it adds its private fields to that object. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- only its constructor is wanted
class Given {
  constructor(object: object) {
    return object
  }
}

/**
 * A private field that sockets of the process carry. A WeakMap says the same, and costs each new socket of the process a
 * microsecond and more, those outside the scope too.
 */
class OriginField extends Given {
  #origin: Origin

  private constructor(socket: object, origin: Origin) {
    super(socket)
    this.#origin = origin
  }

  static of(socket: object): Origin | undefined {
    return #origin in socket ? socket.#origin : undefined
  }

  static set(socket: object, origin: Origin): void {
    if (#origin in socket) socket.#origin = origin
    else new OriginField(socket, origin)
  }
}

/**
 * Where the sockets of the process lead. TLS and HTTP/2 can be given a socket in place of a host, and what is asked for
 * over it, a name of Discord for one, says nothing of its way.
 */
export class SocketOrigins {
  readonly #decisions: Decisions

  constructor(decisions: Decisions) {
    this.#decisions = decisions
  }

  /** The socket leads through the proxy, or is refused. */
  carry(socket: object): void {
    this.#set(socket, this.#of(socket)?.target, 'carried')
  }

  isCarried(socket: object): boolean {
    return this.#of(socket)?.way === 'carried'
  }

  /** Somebody has chosen to send it direct. */
  choose(socket: object): void {
    this.#set(socket, this.#of(socket)?.target, 'chosen')
  }

  /**
   * A socket begins to connect. What was known of an earlier connection of it counts no more.
   *
   * @param target undefined for a path of this host
   */
  note(socket: Socket, target: ConnectTarget | undefined): void {
    this.#set(socket, target ?? THIS_HOST)
    const { tunnelled } = this.#decisions
    if (tunnelled === undefined || target === undefined) return
    noteProxyConnection(socket, { port: target.port, target: tunnelled, chained: true })
  }

  /** Whether it connects to a path of this host. */
  isPath(socket: object): boolean {
    return this.#of(socket)?.target === THIS_HOST
  }

  /** `above` leads where `below` leads. */
  inherit(above: object, below: object): void {
    const origin = this.#of(below)
    const target = targetOf(below, origin)
    if (origin !== undefined || target !== undefined) this.#set(above, target, origin?.way)
  }

  /**
   * Whether it leads past the proxy, or somewhere that is not known: to an address, or as a stream that is no socket of
   * Node. One to this host itself is left to the program, as its connections are, and so is one to the proxy.
   */
  leadsPast(socket: unknown): boolean {
    if (typeof socket !== 'object' || socket === null) return false
    const origin = this.#of(socket)
    if (origin?.way !== undefined) return false
    const target = targetOf(socket, origin)
    if (target === undefined) return true
    return !this.#decisions.isLeft(target.host, target.port)
  }

  #of(socket: object): Origin | undefined {
    const origin = OriginField.of(socket)
    return origin?.knownTo === this ? origin : undefined
  }

  #set(socket: object, target: ConnectTarget | undefined, way?: Origin['way']): void {
    OriginField.set(socket, { knownTo: this, target, way })
  }
}

/** A socket that was connected before the installation says it itself. */
function targetOf(socket: object, origin: Origin | undefined): ConnectTarget | undefined {
  if (origin?.target !== undefined || !(socket instanceof Socket)) return origin?.target
  const { remoteAddress: host, remotePort: port } = socket
  return host === undefined || port === undefined ? undefined : { host, port }
}
