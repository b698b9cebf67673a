import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { asOwnConnection } from '../../tunnel/own-connections.js'

interface Address {
  readonly host: string
  readonly port: number
}

/** A scheme that a port was seen to speak. */
export type SpokenScheme = 'http' | 'https' | 'socks5' | 'socks4a'

/** What a port answers to questions in several protocols. */
export interface ProbedPort {
  /** The best first. Several for the mixed ports of Clash, V2Ray and their like. */
  readonly speaks: readonly SpokenScheme[]
  /** It introduced itself as a service that is not a proxy. */
  readonly other: 'ssh' | 'web server' | null
}

/**
 * Asks a port in each protocol, all at once, for a tunnel to `target`. No credentials are sent, and nothing
 * goes into a tunnel that opens.
 */
export async function probePort(proxy: Address, target: Address, limit: AbortSignal): Promise<ProbedPort> {
  const enough = new AbortController()
  const end = AbortSignal.any([limit, enough.signal])
  let grace: NodeJS.Timeout | undefined
  const ask = async ({ open, ready, bytes, isSpoken }: Question): Promise<Heard> => {
    const answer = await hear(open(proxy), ready, bytes(target), end)
    const spoken = isSpoken(answer)
    // A port that speaks one protocol may wait in silence for the rest of a question in another one.
    if (spoken) grace ??= setTimeout(() => enough.abort(), GRACE_MS)
    return { answer: answer.toString('latin1'), spoken }
  }
  try {
    const heard = await Promise.all(QUESTIONS.map(ask))
    const speaks = QUESTIONS.flatMap(({ scheme }, index) => (heard[index]?.spoken === true ? scheme : []))
    return { speaks, other: speaks.length > 0 ? null : otherThanProxy(heard) }
  } finally {
    clearTimeout(grace)
  }
}

interface Heard {
  readonly answer: string
  readonly spoken: boolean
}

interface Question {
  readonly scheme: SpokenScheme
  readonly open: (proxy: Address) => Socket
  readonly ready: 'connect' | 'secureConnect'
  readonly bytes: (target: Address) => Buffer
  readonly isSpoken: (answer: Buffer) => boolean
}

/** How long the other protocols may take once one has answered. */
const GRACE_MS = 300

const plain = ({ host, port }: Address): Socket => asOwnConnection(() => connect({ host, port }))

/** The order in which a URL is suggested. */
const QUESTIONS: readonly Question[] = [
  {
    scheme: 'socks5',
    open: plain,
    ready: 'connect',
    bytes: () => SOCKS5_GREETING,
    isSpoken: (answer) => answer[0] === 5 && answer.length >= 2,
  },
  { scheme: 'http', open: plain, ready: 'connect', bytes: connectRequest, isSpoken: isProxyAnswer },
  { scheme: 'https', open: openTls, ready: 'secureConnect', bytes: connectRequest, isSpoken: isProxyAnswer },
  {
    scheme: 'socks4a',
    open: plain,
    ready: 'connect',
    bytes: socks4aRequest,
    // The reply of SOCKS4: version 0, then 90 to 93.
    isSpoken: ([version, reply = 0]) => version === 0 && reply >= 90 && reply <= 93,
  },
]

function otherThanProxy(heard: readonly Heard[]): ProbedPort['other'] {
  if (heard.some(({ answer }) => answer.startsWith('SSH-'))) return 'ssh'
  return heard.some(({ answer }) => answer.startsWith('HTTP/')) ? 'web server' : null
}

/** RFC 1928 §3: no authentication, or user name and password. */
const SOCKS5_GREETING = Buffer.from([5, 2, 0, 2])

/** RFC 9110 §9.3.6. */
function connectRequest({ host, port }: Address): Buffer {
  return Buffer.from(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`)
}

/** The SOCKS 4A memo: 0.0.0.1 for "the name follows". */
function socks4aRequest({ host, port }: Address): Buffer {
  return Buffer.from([4, 1, port >> 8, port & 255, 0, 0, 0, 1, 0, ...Buffer.from(host, 'ascii'), 0])
}

/** The statuses of a server that knows no CONNECT are those of no proxy. */
function isProxyAnswer(answer: Buffer): boolean {
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(answer.toString('latin1')) ?? []
  return status !== undefined && !['400', '404', '405', '501'].includes(status)
}

/** The longest beginning that decides: `HTTP/1.1 200`. */
const ENOUGH_BYTES = 12

/** A SOCKS answer is shorter; it is complete when nothing has followed it for this long. */
const QUIET_MS = 150

/** What comes first when these bytes are sent; empty where nothing does before the limit. */
async function hear(
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  bytes: Buffer,
  limit: AbortSignal,
): Promise<Buffer> {
  let heard: Buffer = Buffer.alloc(0)
  let quiet: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    limit.addEventListener('abort', () => resolve(), { once: true })
    if (limit.aborted) resolve()
    socket.once(ready, () => socket.write(bytes))
    socket.on('error', () => resolve())
    socket.once('close', () => resolve())
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]).subarray(0, 64)
      if (heard.length >= ENOUGH_BYTES) resolve()
      else quiet ??= setTimeout(resolve, QUIET_MS)
    })
  })
  clearTimeout(quiet)
  socket.destroy()
  return heard
}

/** TLS that accepts every certificate: no secret may be sent over it. */
export function openTls({ host, port }: Address): TLSSocket {
  const name = isIP(host) === 0 ? { servername: host } : {}
  return asOwnConnection(() => connectTls({ host, port, rejectUnauthorized: false, ...name }))
}
