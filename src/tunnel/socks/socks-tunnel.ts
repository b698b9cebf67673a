import type { SocksProxy } from 'socks'
import type { ProxyEndpoint } from '../../config/index.js'
import type { Attempt } from '../attempt.js'
import { dial } from '../dial.js'
import type { OpenedTunnel, ProxyRequest } from '../proxy-request.js'
import { loadedOnce } from '../loaded-once.js'
import { ReceivedAnswer } from '../received-answer.js'
import { socksAnswerLength, socksRefusal } from './socks-refusal.js'
import { authority } from '../target.js'

const socksPackages = loadedOnce(() => Promise.all([import('socks-proxy-agent'), import('socks')]))
// This module is loaded where a SOCKS proxy is configured.
socksPackages.begin()

/** The client's own timer is not cleared on success, and must not fire before the attempt's. */
const CLIENT_TIMER_MARGIN_MS = 1_000

/**
 * A tunnel through SOCKS 4, 4a or 5 (RFC 1928, RFC 1929). socks-proxy-agent reads the scheme, and `socks`,
 * the client inside it, speaks the protocol over a socket that we dial: the agent's own `connect` makes its
 * socket inside, where no abort reaches it, cannot take an IPv6 literal, and looks socks5 names up locally.
 */
export async function openSocksTunnel(
  { endpoint, target, via }: ProxyRequest,
  attempt: Attempt,
): Promise<OpenedTunnel> {
  const [{ SocksProxyAgent }, { SocksClient }] = await socksPackages.within(attempt)
  const agent = new SocksProxyAgent(`${endpoint.protocol}://${authority(endpoint)}`)
  const proxy = withCredentials({ ...agent.proxy, host: endpoint.host }, endpoint)
  const socket = await dial(endpoint, target, attempt)
  const received = new ReceivedAnswer()
  let cause: Error | undefined
  const hasCredentials = endpoint.credentials !== undefined
  const refusal = (): Error => socksRefusal({ version: proxy.type, received, via, hasCredentials, cause })
  const onData = (chunk: Buffer): void => {
    received.add(chunk)
    attempt.phase = phaseAfter(received, proxy.type)
    if (received.tooMuch) attempt.end(refusal())
  }
  const onError = (error: Error): void => {
    cause = error
  }
  socket.on('data', onData).on('error', onError)
  try {
    const timeout = attempt.remainingMs + CLIENT_TIMER_MARGIN_MS
    const connected = SocksClient.createConnection({
      command: 'connect',
      proxy,
      destination: { host: target.host, port: target.port },
      existing_socket: socket,
      timeout,
    }).catch((error: unknown) => {
      throw attempt.ending !== undefined ? error : refusal()
    })
    await attempt.step('tunnel', connected)
    if (!hasRightVersions(received, proxy.type)) throw refusal()
    return { socket, earlyBytes: received.bytes - socksAnswerLength(received, proxy.type) }
  } finally {
    socket.off('data', onData).off('error', onError)
  }
}

/** Not enumerable, so that no inspection of the client or of its errors shows them. */
function withCredentials(proxy: SocksProxy, { credentials }: ProxyEndpoint): SocksProxy {
  return Object.defineProperties(proxy, {
    userId: { value: credentials?.username, enumerable: false },
    password: { value: credentials?.password, enumerable: false },
  })
}

/** RFC 1929: the sub-negotiation runs between the method reply (2 bytes) and its own reply (2 bytes). */
function phaseAfter(received: ReceivedAnswer, version: SocksProxy['type']): 'proxy-auth' | 'tunnel' {
  const authenticates = version === 5 && received.first[0] === 5 && received.first[1] === 2
  return authenticates && received.bytes >= 2 && received.bytes < 4 ? 'proxy-auth' : 'tunnel'
}

/** The versions that the client does not look at: a SOCKS4 reply's is 0, the sub-negotiation's is 1 (RFC 1929 §2). */
function hasRightVersions({ first }: ReceivedAnswer, version: SocksProxy['type']): boolean {
  if (version === 4) return first[0] === 0
  return first[1] !== 2 || first[2] === 1
}
