import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { CertificateAuthority } from '../certificates.js'
import type { ProxyConnection } from './connection.js'
import type { Fault } from './faults.js'
import { closeGently, drip, reset } from './misbehaviour.js'

/** TLS in front of a lab server. */
export interface LabTls {
  /** Issues the server's certificate, and is whose clients are trusted. */
  readonly ca: CertificateAuthority
  /** In the certificate. Default: the address on which the server listens. */
  readonly names?: readonly string[]
  /** Refuses clients without a certificate of `ca`. */
  readonly requestCert?: boolean
  /** The certificate ended yesterday. */
  readonly expired?: boolean
}

/** Shakes hands on TCP connections that somebody else accepted. It never listens. */
export class TlsListener {
  readonly #server: Server
  /** By the client's port, the one thing that both sockets of an accepted connection know. */
  readonly #shaking = new Map<number, ProxyConnection>()

  private constructor(server: Server, secured: (connection: ProxyConnection) => void) {
    this.#server = server
    server.on('secureConnection', (socket: TLSSocket) => {
      const connection = this.#shaking.get(socket.remotePort ?? -1)
      if (connection === undefined) {
        socket.destroy()
        return
      }
      connection.secured(socket)
      secured(connection)
    })
    // A client that goes away or does not trust us is what tests are about.
    server.on('tlsClientError', () => undefined)
  }

  static async create(
    tls: LabTls,
    host: string,
    secured: (connection: ProxyConnection) => void,
  ): Promise<TlsListener> {
    const certificate = await tls.ca.issue(tls.names ?? [host], { expired: tls.expired === true })
    const requestCert = tls.requestCert === true
    const server = createServer({
      ...certificate,
      ca: tls.ca.certificate,
      requestCert,
      rejectUnauthorized: requestCert,
      ALPNProtocols: ['http/1.1'],
    })
    return new TlsListener(server, secured)
  }

  shakeHands(connection: ProxyConnection): void {
    const { raw, fault } = connection
    if (fault?.kind === 'tls') {
      this.#fail(connection, fault)
      return
    }
    const port = raw.remotePort ?? -1
    this.#shaking.set(port, connection)
    raw.once('close', () => this.#shaking.delete(port))
    this.#server.emit('connection', raw)
  }

  #fail({ raw }: ProxyConnection, fault: Extract<Fault, { kind: 'tls' }>): void {
    raw.once('end', () => raw.end())
    switch (fault.verb) {
      case 'silence':
        raw.resume()
        return
      case 'close':
        raw.once('data', () => closeGently(raw))
        return
      case 'reset':
        raw.once('data', () => reset(raw))
        return
      case 'plain-text':
        raw.once('data', () => raw.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
        return
      case 'cut-short':
        this.#shakeThrough(raw, (flight, done) => {
          raw.write(flight.subarray(0, flight.length / 2))
          closeGently(raw)
          done()
        })
        return
      case 'drip':
        this.#shakeThrough(raw, (flight, done) => {
          void drip(raw, flight, fault.periodMs ?? 1_000).then(done)
        })
        return
    }
  }

  /** An honest handshake whose server's half passes through `write`. */
  #shakeThrough(raw: Socket, write: (flight: Buffer, done: () => void) => void): void {
    const wire = new Duplex({
      read: () => void raw.resume(),
      write: (chunk: Buffer, _encoding, done) => write(chunk, done),
    })
    wire.on('error', () => undefined)
    raw.on('data', (chunk: Buffer) => void wire.push(chunk))
    raw.once('close', () => wire.destroy())
    this.#server.emit('connection', wire)
  }
}
