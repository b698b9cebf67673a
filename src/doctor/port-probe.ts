import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A scheme that a port was seen to speak. */
export type SpokenScheme = 'http' | 'https' | 'socks5' | 'socks4a'

/** What a port answers to those who speak its protocol. */
export interface ProbedPort {
  /** The best first. Several for the mixed ports of Clash, V2Ray and their like. */
  readonly speaks: readonly SpokenScheme[]
  /** It introduced itself as something that is no proxy. */
  readonly other: 'ssh' | 'web server' | null
}

/**
 * Asks a port in each protocol, all at once, for a tunnel to `target`. No credentials are sent, and nothing
 * goes into a tunnel that opens.
 */
export async function probePort(
  proxy: { readonly host: string; readonly port: number },
  target: { readonly host: string; readonly port: number },
  timeoutMs: number,
): Promise<ProbedPort> {
  const plain = (bytes: Buffer): Promise<Buffer> => ask(() => connect({ ...proxy }), bytes, timeoutMs)
  const secure = (bytes: Buffer): Promise<Buffer> =>
    ask(() => openTls(proxy), bytes, timeoutMs, 'secureConnect')
  const [socks5, http, https, socks4a] = await Promise.all([
    plain(SOCKS5_GREETING),
    plain(connectRequest(target)),
    secure(connectRequest(target)),
    plain(socks4aRequest(target)),
  ])
  const speaks: SpokenScheme[] = []
  if (socks5[0] === 5 && socks5.length >= 2) speaks.push('socks5')
  if (isProxyAnswer(http)) speaks.push('http')
  if (isProxyAnswer(https)) speaks.push('https')
  // The reply of SOCKS4: version 0, then 90 to 93.
  if (socks4a[0] === 0 && (socks4a[1] ?? 0) >= 90 && (socks4a[1] ?? 0) <= 93) speaks.push('socks4a')
  const all = [socks5, http, https, socks4a].map((answer) => answer.toString('latin1'))
  const ssh = all.some((answer) => answer.startsWith('SSH-'))
  const web = all.some((answer) => answer.startsWith('HTTP/'))
  return { speaks, other: speaks.length > 0 ? null : ssh ? 'ssh' : web ? 'web server' : null }
}

/** RFC 1928 §3: no authentication, or user name and password. */
const SOCKS5_GREETING = Buffer.from([5, 2, 0, 2])

/** RFC 9110 §9.3.6. */
function connectRequest({ host, port }: { host: string; port: number }): Buffer {
  return Buffer.from(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`)
}

/** The SOCKS 4A memo: 0.0.0.1 for "the name follows". */
function socks4aRequest({ host, port }: { host: string; port: number }): Buffer {
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

/** What comes first when these bytes are sent; empty where nothing does. */
async function ask(
  open: () => Socket,
  bytes: Buffer,
  timeoutMs: number,
  ready: 'connect' | 'secureConnect' = 'connect',
): Promise<Buffer> {
  const socket = open()
  const timers: NodeJS.Timeout[] = []
  let heard: Buffer = Buffer.alloc(0)
  try {
    await new Promise<void>((resolve) => {
      timers.push(setTimeout(resolve, timeoutMs))
      socket.once(ready, () => socket.write(bytes))
      socket.once('error', () => resolve())
      socket.once('close', () => resolve())
      socket.on('data', (chunk: Buffer) => {
        heard = Buffer.concat([heard, chunk]).subarray(0, 64)
        if (heard.length >= ENOUGH_BYTES) resolve()
        else timers.push(setTimeout(resolve, QUIET_MS))
      })
    })
    return heard
  } finally {
    for (const timer of timers) clearTimeout(timer)
    socket.on('error', () => undefined)
    socket.destroy()
  }
}

function openTls({ host, port }: { host: string; port: number }): Socket {
  return connectTls({
    host,
    port,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  })
}
