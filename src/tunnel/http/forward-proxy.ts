import type { Socket } from 'node:net'
import type { TransportError } from '../../errors.js'
import type { Attempt } from '../attempt.js'
import { dial } from '../dial.js'
import type { HttpProxyRequest } from '../proxy-request.js'
import { notHttp, ReceivedAnswer } from '../received-answer.js'
import { urlAuthority } from '../target.js'
import { connectRefusal, type ConnectReply } from './connect-refusal.js'

/** Reads one header of an answer; names are in lower case. */
export type ReadHeader = (name: string) => string | undefined

const answeredWith = new WeakMap<object, number>()

/** The status of the answer that {@link ForwardProxy.refusal} made this failure of; undefined for any other error. */
export function forwardedStatus(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null ? answeredWith.get(error) : undefined
}

/**
 * An HTTP proxy at the other end of a connection, for requests to one http:// origin. Each request names its
 * destination in absolute-form (RFC 9112 section 3.2.2), as curl sends it. The credentials are for the proxy: a proxy
 * removes Proxy-Authorization before it forwards a request (RFC 9110 section 11.7.2).
 */
export class ForwardProxy {
  /** Called with the failure of each answer that the proxy gave itself. */
  onRefusal: ((error: TransportError) => void) | undefined
  readonly #request: HttpProxyRequest

  constructor(request: HttpProxyRequest) {
    this.#request = request
  }

  /** The value of Proxy-Authorization for each request of this connection. */
  get authorization(): string | undefined {
    return this.#request.authorization
  }

  /** The request-target for a path. A `*` of OPTIONS stands for the whole server (RFC 9112 section 3.2.4). */
  requestTarget(path: string): string {
    if (/^https?:\/\//i.test(path)) return path
    const origin = `http://${urlAuthority(this.#request.target)}`
    return path === '*' ? origin : `${origin}${path}`
  }

  /** Whether requests that were written for the other proxy are right for this one. */
  equals(other: ForwardProxy | undefined): boolean {
    return (
      other?.authorization === this.authorization && other?.requestTarget('*') === this.requestTarget('*')
    )
  }

  /**
   * The failure of an answer that the proxy gave itself; undefined where it may be the destination's.
   *
   * A 407 is always the proxy's. squid marks the answers that it makes, and each proxy adds itself to Via (RFC 9110
   * section 7.6.3): with more than one entry the answer came from a squid behind this proxy.
   */
  refusal(statusCode: number, statusText: string, header: ReadHeader): TransportError | undefined {
    const ofSquid = header('x-squid-error') !== undefined && !(header('via') ?? '').includes(',')
    if (statusCode !== 407 && !(ofSquid && statusCode >= 400)) return undefined
    const challenge = header('proxy-authenticate')
    const reply: ConnectReply = {
      statusCode,
      statusText,
      headers: challenge === undefined ? {} : { 'proxy-authenticate': challenge },
    }
    const failure = connectRefusal(reply, this.#request, new ReceivedAnswer())
    answeredWith.set(failure, statusCode)
    this.onRefusal?.(failure)
    return failure
  }

  /** The failure of an answer that does not begin as one of HTTP. */
  foreignAnswer(bytes: unknown): TransportError {
    const received = new ReceivedAnswer()
    if (Buffer.isBuffer(bytes)) received.add(bytes)
    return notHttp(received.bytes === 0 ? 'unknown' : received.speaks, this.#request.via)
  }
}

/** Connects to the proxy, with TLS where its URL says https. */
export async function connectToProxy(
  { endpoint, target, proxyTls }: HttpProxyRequest,
  attempt: Attempt,
): Promise<Socket> {
  const { host, port, protocol } = endpoint
  const socket = await dial(endpoint, target, attempt)
  return protocol === 'https' ? proxyTls.upgrade(socket, { host, port }, 'proxy-tls', attempt) : socket
}
