import http from 'node:http'
import { isIPv4, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { RequestError, Server } from 'proxy-chain'
import type { LabAddress } from '../names.js'
import type { LabCredentials, LabTarget, ProxyConnection } from './connection.js'
import type { Fault } from './faults.js'
import { befalls, isAuthorised, refuse, replyEstablished, type HandshakeContext } from './handshake.js'
import { dial, TargetError, Tunnel } from './tunnel.js'

/**
 * The server of `http` and, inside TLS, of `https` proxies: proxy-chain. It reads the requests, refuses what
 * is no proxy request, asks for credentials and opens honest tunnels. Two things are ours: the dialling, because
 * proxy-chain's `dnsLookup` maps a name to an address but keeps the port, and the lab's targets have ports of
 * their own; and the answers that no honest proxy would give.
 *
 * It never listens. The lab's listener hands it one connection after the other.
 */
export class ConnectServer extends Server {
  readonly #context: HandshakeContext
  readonly #connections = new WeakMap<object, ProxyConnection>()
  readonly #dialled = new WeakMap<ProxyConnection, Socket>()
  readonly #opened: (connection: ProxyConnection, tunnel: Tunnel) => void
  /** Never listens either: proxy-chain hands it each socket behind the 200. */
  readonly #tunnels = http.createServer()

  constructor(context: HandshakeContext, opened: (connection: ProxyConnection, tunnel: Tunnel) => void) {
    super({ port: 0 })
    this.#context = context
    this.#opened = opened
    this.prepareRequestFunction = ({ request }) => this.#prepare(request)
    this.#tunnels.removeAllListeners('connection').on('connection', (socket: Socket) => {
      const connection = this.#connections.get(socket)
      const upstream = connection && this.#dialled.get(connection)
      if (connection === undefined || upstream === undefined) socket.destroy()
      else this.#carry(connection, upstream)
    })
  }

  serve(connection: ProxyConnection): void {
    this.#connections.set(connection.socket, connection)
    this.server.emit('connection', connection.socket)
    connection.startHearing()
  }

  override async onConnect(request: http.IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const connection = this.#connections.get(socket)
    if (connection === undefined) {
      socket.destroy()
      return
    }
    this.#record(connection, request)
    if (befalls(connection, 'request', 'http')) return
    const { fault, target } = connection
    if (fault?.kind === 'status' && !isSuccess(fault.status)) {
      await this.#answer(connection, fault)
      return
    }
    // proxy-chain knows Basic only, and calls every other scheme a bad request. Whether this one will do has
    // been recorded, and is decided in #prepare.
    if (connection.credentials === null) delete request.headers['proxy-authorization']
    connection.handOver(head)
    const nothing = Buffer.alloc(0)
    if (!isAuthorised(connection, this.#context.auth) || target === null || !shapesTheAnswer(fault)) {
      await super.onConnect(request, socket, nothing)
      return
    }
    await this.#openOddly(connection, target, fault)
  }

  /** A request in absolute-form (RFC 9112 section 3.2.2): forwarded to where the names lead. */
  override async onRequest(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined) {
      request.socket.destroy()
      return
    }
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
    this.#record(connection, request, url === undefined ? '' : `${url.hostname}:${url.port || '80'}`)
    if (befalls(connection, 'request', 'http')) return
    const { fault, target } = connection
    connection.forwarded += 1
    if (fault?.kind === 'status') {
      await this.#answer(connection, fault)
      return
    }
    if (!isAuthorised(connection, this.#context.auth)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="lab"', 'content-length': 0 }).end()
      return
    }
    const place = target === null ? undefined : this.#context.names.resolve(target.host, target.port)
    if (url === undefined || place === undefined) {
      response
        .writeHead(502, { 'x-squid-error': 'ERR_DNS_FAIL 0', via: '1.1 lab', 'content-length': 0 })
        .end()
      return
    }
    forward(request, response, url, place)
  }

  #record(connection: ProxyConnection, request: http.IncomingMessage, target = request.url ?? ''): void {
    const authorization = request.headers['proxy-authorization'] ?? null
    connection.headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    connection.authorization = authorization
    connection.credentials = parseBasic(authorization)
    connection.target = parseAuthority(target)
    connection.touch()
  }

  /** The honest way. Called by proxy-chain for CONNECT. */
  async #prepare(
    request: http.IncomingMessage,
  ): Promise<{ requestAuthentication: boolean; customConnectServer?: http.Server }> {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined) throw new RequestError('Unknown connection', 500)
    try {
      if (!isAuthorised(connection, this.#context.auth)) return { requestAuthentication: true }
      if (connection.target === null) throw new RequestError('Not host:port', 400)
      const upstream = await dial(connection, this.#context.names, connection.target)
      if (upstream === null) throw new RequestError('Nowhere to go', 500)
      this.#dialled.set(connection, upstream)
      return { requestAuthentication: false, customConnectServer: this.#tunnels }
    } catch (error) {
      if (!(error instanceof TargetError)) throw error
      throw new RequestError(error.message, 502)
    } finally {
      // Whoever gets no tunnel is still read from, or his FIN would go unnoticed.
      if (!this.#dialled.has(connection)) connection.listenToTheEnd()
    }
  }

  /** The same without proxy-chain, for the answers that it would not give. */
  async #openOddly(connection: ProxyConnection, target: LabTarget, fault: Fault | undefined): Promise<void> {
    let upstream
    try {
      upstream = await dial(connection, this.#context.names, target)
    } catch (error) {
      if (!(error instanceof TargetError)) throw error
      connection.listenToTheEnd()
      this.sendSocketResponse(connection.socket, 502, {}, error.message)
      return
    }
    await replyEstablished(connection, establishedAnswer(fault))
    this.#carry(connection, upstream)
  }

  #carry(connection: ProxyConnection, upstream: Socket | null): void {
    connection.markEstablished()
    this.#opened(connection, new Tunnel(connection, upstream))
  }

  async #answer(connection: ProxyConnection, fault: Extract<Fault, { kind: 'status' }>): Promise<void> {
    connection.listenToTheEnd()
    const answer = statusAnswer(fault)
    if (fault.keepOpen === true) connection.socket.write(answer)
    else await refuse(connection, 'request', answer)
  }
}

/** As squid does it: the credentials for the proxy stay here. */
function forward(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  url: URL,
  { host, port }: LabAddress,
): void {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name !== 'proxy-authorization'),
  )
  const upstream = http.request({
    host,
    port,
    method: request.method ?? 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host },
    agent: false,
  })
  upstream.on('response', (answer) => {
    // RFC 9110 section 7.6.3: a proxy adds itself to those that are named already.
    const via = [answer.headers.via ?? [], '1.1 lab'].flat().join(', ')
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, { ...answer.headers, via })
    pipeline(answer, response, () => undefined)
  })
  upstream.on('error', () => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502, { 'x-squid-error': 'ERR_CONNECT_FAIL 0', via: '1.1 lab' }).end()
  })
  response.on('close', () => upstream.destroy())
  pipeline(request, upstream, () => undefined)
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** Whether the 200, or what is behind it, differs from what proxy-chain would send. */
function shapesTheAnswer(fault: Fault | undefined): boolean {
  return fault !== undefined && fault.kind !== 'misroute' && fault.kind !== 'cut-after'
}

function statusAnswer({ status, reason, headers, body = '' }: Extract<Fault, { kind: 'status' }>): Buffer {
  const tunnel = isSuccess(status)
  const lines = [
    `HTTP/1.1 ${status} ${reason ?? http.STATUS_CODES[status] ?? 'Unknown'}`,
    ...(status === 407 && headers === undefined ? ['Proxy-Authenticate: Basic realm="lab"'] : []),
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(tunnel ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function establishedAnswer(fault: Fault | undefined): Buffer {
  const line = 'HTTP/1.1 200 Connection established'
  if (fault?.kind === 'status') return statusAnswer(fault)
  if (fault?.kind === 'http-1.0') return Buffer.from('HTTP/1.0 200 Connection established\r\n\r\n')
  if (fault?.kind === 'lf-only') return Buffer.from(`${line}\nVia: 1.1 lab\n\n`)
  if (fault?.kind === 'malformed-header') return Buffer.from(`${line}\r\n${fault.line}\r\n\r\n`)
  if (fault?.kind === 'extra-headers') {
    const headers = Object.entries(fault.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return Buffer.from(`${line}\r\n${headers.join('')}\r\n`)
  }
  return Buffer.from(`${line}\r\n\r\n`)
}

/** RFC 7617. Without a colon it names nobody, and a strict proxy refuses it. */
function parseBasic(authorization: string | null): LabCredentials | null {
  const match = /^basic +([\w+/=-]+) *$/i.exec(authorization ?? '')
  if (match === null) return null
  const pair = Buffer.from(match[1]!, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? null : { username: pair.slice(0, colon), password: pair.slice(colon + 1) }
}

/** RFC 9112, 3.2.3: `host:port`, an IPv6 address in brackets. */
function parseAuthority(authority: string): LabTarget | null {
  const match = /^(?:\[([\da-f:.]+)\]|([^:/?#@\s]+)):(\d{1,5})$/i.exec(authority)
  if (match === null) return null
  const [, ipv6, host, digits] = match
  const port = Number(digits)
  if (ipv6 !== undefined) return { host: ipv6, port, addressType: 'ipv6' }
  return { host: host!, port, addressType: isIPv4(host!) ? 'ipv4' : 'name' }
}
