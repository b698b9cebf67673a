import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { LabAddress } from '../names.js'
import type { Fault } from './faults.js'
import { reset } from './misbehaviour.js'

/** Where a client wanted to go, and whether it said so by name. */
export interface LabTarget extends LabAddress {
  readonly addressType: 'name' | 'ipv4' | 'ipv6'
}

/** What a client sent as username and password, decoded as the scheme has it. */
export interface LabCredentials {
  readonly username: string
  readonly password: string
}

/** What a lab proxy saw of one client connection. Its fields grow while the connection lives. */
export interface LabConnection {
  /** 1 for the first connection of this proxy. */
  readonly id: number
  /** Null until the client has named one. */
  readonly target: LabTarget | null
  readonly credentials: LabCredentials | null
  /** Proxy-Authorization as it came. */
  readonly authorization: string | null
  /** Of the CONNECT request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Requests in absolute-form that came on this connection. */
  readonly forwarded: number
  /** Whether the client was told that its tunnel is up. */
  readonly established: boolean
  /** Payload from the client, handshake not counted. */
  readonly bytesUp: number
  /** Payload to the client. */
  readonly bytesDown: number
  readonly open: boolean
  /** Resolves when the client's connection is gone. */
  readonly closed: Promise<void>
  /** The first 64 KiB that the client sent, handshake included; on https, what was inside TLS. */
  readonly heard: Buffer
  /** Subject of the client's certificate (https with `requestCert`). */
  readonly clientCertificate: string | null
}

const HEARD_LIMIT = 65_536

/** The proxy's side of {@link LabConnection}: it also owns the sockets. */
export class ProxyConnection implements LabConnection {
  target: LabTarget | null = null
  credentials: LabCredentials | null = null
  authorization: string | null = null
  headers: Readonly<Record<string, string>> = {}
  forwarded = 0
  bytesUp = 0
  bytesDown = 0
  clientCertificate: string | null = null
  readonly closed: Promise<void>

  /** What the client speaks to: the TCP socket, or the TLS socket on top of it. */
  socket: Socket
  readonly #changed: () => void
  #established = false
  #open = true
  #heard: Buffer[] = []
  #heardBytes = 0
  /** The connection to the target. */
  #upstream: Socket | undefined
  readonly #tap = (chunk: Buffer): void => this.hear(chunk)

  constructor(
    readonly id: number,
    readonly raw: Socket,
    readonly fault: Fault | undefined,
    changed: () => void,
  ) {
    this.#changed = changed
    this.socket = raw
    raw.on('error', ignore)
    this.closed = new Promise((resolve) => {
      raw.once('close', (hadError) => {
        this.#open = false
        // What the client sent before its FIN still goes through; after a RST nobody cares.
        if (hadError) this.#upstream?.destroy()
        else this.#upstream?.destroySoon()
        resolve()
        changed()
      })
    })
  }

  get established(): boolean {
    return this.#established
  }

  get open(): boolean {
    return this.#open
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  /** From now on the client speaks inside TLS. */
  secured(socket: TLSSocket): void {
    this.socket = socket
    socket.on('error', ignore)
    this.clientCertificate = socket.getPeerX509Certificate()?.subject ?? null
  }

  /**
   * Listens before whatever else reads. On HTTP it must be called after Node's parser has the socket: only a
   * listener that comes later makes the parser give the bytes back to JavaScript.
   */
  startHearing(): void {
    this.socket.prependListener('data', this.#tap)
  }

  /**
   * Stops reading, so that a tunnel can take over. `early` was read behind the handshake: it goes back into
   * the socket, and will be heard when it comes again.
   */
  handOver(early: Buffer): void {
    this.socket.off('data', this.#tap)
    this.socket.pause()
    if (early.length === 0) return
    const heard = this.heard
    const kept = heard.subarray(0, Math.max(0, heard.length - early.length))
    this.#heard = [kept]
    this.#heardBytes = kept.length
    this.socket.unshift(early)
  }

  /** Nothing will take over any more: reads and records until the client goes, and goes with it. */
  listenToTheEnd(): void {
    this.socket.off('data', this.#tap)
    this.socket.on('data', this.#tap)
    this.socket.once('end', () => this.socket.end())
    this.socket.resume()
  }

  hear(chunk: Buffer): void {
    const room = HEARD_LIMIT - this.#heardBytes
    if (room <= 0) return
    this.#heard.push(Buffer.from(chunk.subarray(0, room)))
    this.#heardBytes += Math.min(room, chunk.length)
    this.#changed()
  }

  /** Tells whoever waits for this connection that one of its fields changed. */
  touch(): void {
    this.#changed()
  }

  /** The upstream goes with the client's connection. */
  own(upstream: Socket): void {
    this.#upstream = upstream
    if (!this.#open) upstream.destroy()
  }

  markEstablished(): void {
    this.#established = true
    this.#changed()
  }

  destroy(how: 'close' | 'reset'): void {
    if (how === 'reset') reset(this.raw)
    this.socket.destroy()
    this.raw.destroy()
  }

  /** Also where the upstream still had something to flush. */
  destroyUpstream(): void {
    this.#upstream?.destroy()
  }
}

function ignore(): void {
  // A broken connection is what this lab is for; 'close' follows and is recorded.
}
