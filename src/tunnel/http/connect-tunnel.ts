import { EventEmitter } from 'node:events'
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { HttpsProxyAgent } from 'https-proxy-agent'
import type { ProxyEndpoint } from '../../config/index.js'
import type { Attempt } from '../attempt.js'
import { connectRefusal, type ConnectReply } from './connect-refusal.js'
import { dial, followDial, PROXY_PHASES, TCP_OPTIONS } from '../dial.js'
import type { Via } from '../fault.js'
import { loadedOnce } from '../loaded-once.js'
import { cutShort, MAX_ANSWER_BYTES, notHttp, ReceivedAnswer, tooLong } from '../received-answer.js'
import { withMadeSockets } from '../made-sockets.js'
import { noteProxyConnection } from '../proxy-connections.js'
import type { HttpProxyRequest, OpenedTunnel } from '../proxy-request.js'
import { authority } from '../target.js'
import { checkIdentity } from '../tls.js'

export const httpProxyAgent = loadedOnce(() => import('https-proxy-agent'))

/** Those of plain proxies. Such an agent keeps nothing of a tunnel. */
const plainAgents = new WeakMap<ProxyEndpoint, HttpsProxyAgent<string>>()

const END_OF_HEADER = '\r\n\r\n'

/**
 * A tunnel through an HTTP proxy (RFC 9110 §9.3.6). https-proxy-agent speaks the protocol. This function watches the
 * deadline, the size of the answer, its first bytes, and the bytes after its header.
 */
export async function openConnectTunnel(request: HttpProxyRequest, attempt: Attempt): Promise<OpenedTunnel> {
  const { HttpsProxyAgent } = await httpProxyAgent.within(attempt)
  const { endpoint, via } = request
  const headers = request.authorization === undefined ? {} : { 'Proxy-Authorization': request.authorization }
  // The URL has no credentials, because the agent prints it under DEBUG and repeats it in an event.
  const url = `${endpoint.protocol}://${authority(endpoint)}`
  const watch = new AnswerWatch(attempt, via)
  let pending: PendingConnect
  if (endpoint.protocol === 'https') {
    const raw = await dial(endpoint, request.target, attempt)
    watch.count(raw)
    const trust = request.proxyTls.options(endpoint.host)
    // Without a certificate check the end of the handshake cannot be seen, so a timeout names the next step.
    attempt.phase = trust.rejectUnauthorized === false ? 'tunnel' : 'proxy-tls'
    // The agent keeps its TLS socket to itself: the signal alone reaches it.
    const tls = { ...trust, ...noteVerified(attempt), socket: raw, signal: attempt.signal }
    pending = connectThrough(new HttpsProxyAgent(url, { ...TCP_OPTIONS, ...tls, headers }), request)
  } else {
    let agent = plainAgents.get(endpoint)
    if (agent === undefined) plainAgents.set(endpoint, (agent = new HttpsProxyAgent(url, TCP_OPTIONS)))
    // connect() reads them before it returns.
    agent.proxyHeaders = headers
    // The agent hands its socket out only once the proxy has answered. Phase, first bytes and header size have to be
    // known before that.
    const { result, sockets } = withMadeSockets(() => connectThrough(agent, request))
    pending = result
    for (const socket of sockets) {
      attempt.own(socket)
      noteProxyConnection(socket, { port: endpoint.port, target: request.target, chained: false })
      followDial(socket, endpoint.host, PROXY_PHASES, attempt)
      socket.once('connect', () => (attempt.phase = 'tunnel'))
      watch.tap(socket)
    }
  }
  try {
    const socket = attempt.own(await attempt.step(attempt.phase, pending.socket))
    const reply = pending.reply()
    if (reply?.statusCode !== 200) throw connectRefusal(reply, request, watch.received)
    return { socket, earlyBytes: watch.giveBack(socket) }
  } catch (error) {
    throw watch.name(error)
  } finally {
    watch.stop()
  }
}

/** A CONNECT that the agent has begun. */
interface PendingConnect {
  readonly socket: Promise<Socket>
  readonly reply: () => ConnectReply | undefined
}

function connectThrough(agent: HttpsProxyAgent<string>, { target }: HttpProxyRequest): PendingConnect {
  const { host, port } = target
  const events = new EventEmitter()
  let reply: ConnectReply | undefined
  events.once('proxyConnect', (answer: ConnectReply) => (reply = answer))
  // The agent only emits events on the request, and there is no request yet.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const socket = agent.connect(events as ClientRequest, { host, port, secureEndpoint: false })
  return { socket, reply: () => reply }
}

/** The certificate check is the one step of the agent's TLS handshake that can be seen from outside. */
function noteVerified(attempt: Attempt): ConnectionOptions {
  return {
    checkServerIdentity: (host, certificate) => {
      const mismatch = checkIdentity(host, certificate)
      if (mismatch === undefined) attempt.phase = 'tunnel'
      return mismatch
    },
  }
}

/** How often the bytes of an answer are counted where its chunks cannot be seen. */
const COUNT_INTERVAL_MS = 50

/** Watches the proxy's answer: its first bytes, its size, and the bytes after its header. */
class AnswerWatch {
  readonly received = new ReceivedAnswer()
  readonly #attempt: Attempt
  readonly #via: Via
  readonly #chunks: Buffer[] = []
  #stop: () => unknown = () => undefined

  constructor(attempt: Attempt, via: Via) {
    this.#attempt = attempt
    this.#via = via
  }

  /** For a plain socket. The agent reads the answer with read(), so this watches read(). */
  tap(socket: Socket): void {
    const read = socket.read.bind(socket)
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size)
      if (Buffer.isBuffer(chunk)) this.#add(chunk)
      return chunk
    }
    this.#stop = () => Reflect.deleteProperty(socket, 'read')
  }

  /** For TLS to the proxy. The agent does not hand out its TLS socket, so only the number of bytes is known. */
  count(raw: Socket): void {
    const timer = setInterval(() => {
      if (raw.bytesRead > MAX_ANSWER_BYTES) this.#refuse()
    }, COUNT_INTERVAL_MS)
    this.#stop = () => clearInterval(timer)
  }

  stop(): void {
    this.#stop()
  }

  /**
   * The agent drops what arrives in one segment with the header, but those bytes belong to the tunnel.
   * Returns how many there were.
   */
  giveBack(socket: Socket): number {
    const answer = Buffer.concat(this.#chunks)
    const end = answer.indexOf(END_OF_HEADER)
    const rest = end === -1 ? Buffer.alloc(0) : answer.subarray(end + END_OF_HEADER.length)
    if (rest.length > 0) socket.unshift(rest)
    return rest.length
  }

  /** Names an error of the agent's parser: the proxy broke the protocol. Any other error passes unchanged. */
  name(error: unknown): unknown {
    const foreign =
      error instanceof Error && /^(Proxy connection ended|Invalid header|No header)/.test(error.message)
    if (!foreign) return error
    if (this.#attempt.phase === 'proxy-tls') return new Error('the connection was closed in the middle of it')
    // The agent's message can quote the answer, so it is not kept as the cause.
    const ended = this.received.bytes === 0 || error.message.startsWith('Proxy connection ended')
    return ended ? cutShort(this.received, this.#via) : notHttp(this.received.speaks, this.#via)
  }

  #add(chunk: Buffer): void {
    this.received.add(chunk)
    this.#chunks.push(chunk)
    if (this.received.tooMuch) this.#refuse()
    else if (!mayBeHttp(this.received.first)) this.#attempt.end(notHttp(this.received.speaks, this.#via))
  }

  #refuse(): void {
    this.#attempt.end(tooLong(this.received, this.#via))
  }
}

/** A SOCKS or TLS server is recognized by its first byte, without waiting for the end of a header. */
function mayBeHttp(first: Buffer): boolean {
  const start = 'HTTP/'
  const text = first.toString('latin1', 0, start.length)
  return start.startsWith(text)
}
