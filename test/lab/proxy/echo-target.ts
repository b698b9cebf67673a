import { createServer as createTlsServer } from 'node:tls'
import type { Socket } from 'node:net'
import type { CertificateAuthority } from '../certificates.js'
import type { LabNames } from '../names.js'
import { Listener } from './listener.js'

/** A destination that returns each byte, and the end of them; over TLS where it has an authority. */
export interface EchoTarget extends AsyncDisposable {
  readonly port: number
  /** Destroys what is open and forgets nothing: the names still lead here. */
  close(): Promise<void>
}

export async function startEchoTarget(
  names: LabNames,
  host: string,
  port: number,
  ca?: CertificateAuthority,
): Promise<EchoTarget> {
  const echo = (socket: Socket): void => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  }
  const tls = ca && createTlsServer({ ...(await ca.issue([host])), allowHalfOpen: true }, echo)
  tls?.on('tlsClientError', () => undefined)
  const listener = await Listener.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection(socket) {
      if (tls === undefined) echo(socket)
      else tls.emit('connection', socket)
    },
  })
  names.add(host, port, { host: '127.0.0.1', port: listener.port })
  return { port: listener.port, close: () => listener.close(), [Symbol.asyncDispose]: () => listener.close() }
}
