import http from 'node:http'
import type { Socket } from 'node:net'
import type { CertificateAuthority } from '../certificates.js'
import { ProxyConnection } from './connection.js'
import type { Fault } from './faults.js'
import { authority, Listener, type LabHost } from './listener.js'
import { closeGently, drip, misbehave, reset } from './misbehaviour.js'
import { TlsListener } from './tls-listener.js'

/** The faults that make sense for a server of PAC files. `drip` and `endless` are about the script itself. */
export type PacFault = Extract<Fault, { kind: 'accept' | 'tls' | 'request' | 'status' }>

/** A request for the PAC file. */
export interface PacRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export type PacScript = string | ((request: PacRequest) => string)

export interface PacServerOptions {
  /** What it serves, on every path. */
  readonly script: PacScript
  /** Default `http`. */
  readonly scheme?: 'http' | 'https'
  /** Required for `https`. */
  readonly ca?: CertificateAuthority
  /** Whether a client needs a certificate of `ca`. Default: no. */
  readonly requestCert?: boolean
  readonly host?: LabHost
  readonly port?: number
  readonly fault?: PacFault
}

/** A server of PAC files on loopback. */
export interface PacServer extends AsyncDisposable {
  /** `http://127.0.0.1:…/proxy.pac`. */
  readonly url: string
  /** The same as a proxy URL: `pac+http://…`. */
  readonly pacUrl: string
  readonly port: number
  readonly requests: readonly PacRequest[]
  readonly openCount: number
  script: PacScript
  /** A change counts for new connections. */
  fault: PacFault | undefined
  close(): Promise<void>
}

/** Starts a server of PAC files; it is listening when the promise resolves. */
export async function startPacServer(options: PacServerOptions): Promise<PacServer> {
  const { scheme = 'http', ca, requestCert = false, host = '127.0.0.1' } = options
  const requests: PacRequest[] = []
  const connections = new WeakMap<Socket, ProxyConnection>()
  let accepted = 0

  const server = http.createServer((incoming, response) => {
    const request: PacRequest = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
      ),
    }
    requests.push(request)
    const { script } = pac
    const body = typeof script === 'string' ? script : script(request)
    answer(response, body, connections.get(incoming.socket))
  })
  const serve = (connection: ProxyConnection): void => {
    connections.set(connection.socket, connection)
    server.emit('connection', connection.socket)
  }

  if (scheme === 'https' && ca === undefined) throw new TypeError('an https PAC server needs `ca`')
  const tls =
    ca === undefined || scheme === 'http'
      ? undefined
      : await TlsListener.create({ ca, requestCert }, host, serve)
  const listener = await Listener.listen({
    host,
    port: options.port ?? 0,
    onConnection(raw) {
      const { fault } = pac
      const connection = new ProxyConnection(++accepted, raw, fault, () => undefined)
      if (fault?.kind === 'accept') {
        connection.listenToTheEnd()
        misbehave(fault.verb, { socket: raw, raw, scheme, periodMs: fault.periodMs })
      } else if (tls !== undefined) {
        tls.shakeHands(connection)
      } else {
        serve(connection)
      }
    },
  })

  const url = `${scheme}://${authority(host, listener.port)}/proxy.pac`
  const pac: PacServer = {
    url,
    pacUrl: `pac+${url}`,
    port: listener.port,
    requests,
    get openCount() {
      return listener.openCount
    },
    script: options.script,
    fault: options.fault,
    close: () => listener.close(),
    [Symbol.asyncDispose]: () => listener.close(),
  }
  return pac
}

function answer(
  response: http.ServerResponse,
  script: string,
  connection: ProxyConnection | undefined,
): void {
  const fault = connection?.fault
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, fault.reason, { 'Content-Type': 'text/html', ...fault.headers })
    response.end(fault.body ?? '')
  } else if (fault?.kind === 'request' && connection !== undefined) {
    misanswer(response, script, connection, fault)
  } else {
    response.writeHead(200, { 'Content-Type': 'application/x-ns-proxy-autoconfig' })
    response.end(script)
  }
}

function misanswer(
  response: http.ServerResponse,
  script: string,
  { socket, raw }: ProxyConnection,
  { verb, periodMs = 1_000 }: Extract<Fault, { kind: 'request' }>,
): void {
  switch (verb) {
    case 'silence':
      return
    case 'close':
      closeGently(socket)
      return
    case 'reset':
      reset(raw)
      return
    case 'garbage':
      response.end(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))
      return
    case 'drip':
      response.writeHead(200, { 'Content-Length': Buffer.byteLength(script) })
      response.flushHeaders()
      void drip(socket, Buffer.from(script), periodMs)
      return
    case 'endless': {
      response.writeHead(200)
      const fill = (): void => {
        while (!response.destroyed && response.write('// more\n'.repeat(2_048))) continue
      }
      response.on('drain', fill)
      fill()
      return
    }
  }
}
