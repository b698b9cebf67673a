import { connect, createServer, type Server, type Socket } from 'node:net'
import { SMALL_PROXY_CONNECTIONS, ONE_WAY_MS } from '../limits.js'
import { port, report, type ProxyCounts } from './process.js'

/**
 * CONNECT and SOCKS5 proxies, each three times: as quick as can be, at the end of a long cable, and with room
 * for ten connections. Every destination is the origin, whatever its name.
 */

const LOOPBACK = '127.0.0.1'
const ORIGIN_PORT = Number(process.argv[2])

interface Wire {
  readonly delayMs: number
  readonly maxConnections: number
}

const WIRES: Readonly<Record<string, Wire>> = {
  near: { delayMs: 0, maxConnections: Infinity },
  far: { delayMs: ONE_WAY_MS, maxConnections: Infinity },
  small: { delayMs: 0, maxConnections: SMALL_PROXY_CONNECTIONS },
}

let counts = { connections: 0, flights: 0 }
/** Counts the questions: the first word after one is a flight of its own. */
let epoch = 0

/** One client; both directions of its connection pass here, late if the cable is long. */
class Client {
  readonly #socket: Socket
  readonly #delayMs: number
  /** A client that is spoken to late is heard as late; and TCP's handshake takes its round trip too. */
  #upAt: number
  #heardSinceSaid = true
  #saidIn = 0

  constructor(socket: Socket, { delayMs }: Wire) {
    this.#socket = socket
    this.#delayMs = delayMs
    this.#upAt = performance.now() + 2 * delayMs
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
  }

  onData(take: (chunk: Buffer) => void): void {
    this.#socket.on('data', (chunk: Buffer) => {
      if (this.#heardSinceSaid || this.#saidIn !== epoch) counts.flights += 1
      this.#heardSinceSaid = false
      this.#saidIn = epoch
      if (this.#delayMs === 0) {
        take(chunk)
        return
      }
      // The cable keeps the order, and timers of one length do.
      const now = performance.now()
      const wait = Math.max(this.#delayMs, this.#upAt + this.#delayMs - now)
      setTimeout(() => take(chunk), wait)
    })
  }

  say(chunk: Buffer): boolean {
    if (this.#delayMs === 0) return this.#say(chunk)
    setTimeout(() => this.#say(chunk), this.#delayMs)
    return true
  }

  end(): void {
    if (this.#delayMs === 0) this.#socket.destroySoon()
    else setTimeout(() => this.#socket.destroySoon(), this.#delayMs)
  }

  #say(chunk: Buffer): boolean {
    this.#heardSinceSaid = true
    return this.#socket.write(chunk)
  }
}

/** Returns what grants the request, once the request is whole. */
type Handshake = (chunk: Buffer, client: Client) => Buffer | undefined

function connectHandshake(): Handshake {
  let heard = ''
  return (chunk) => {
    heard += chunk.toString('latin1')
    if (!heard.endsWith('\r\n\r\n')) return undefined
    if (!/^CONNECT \S+:443 HTTP\/1\.1\r\n/i.test(heard)) throw new Error('not the CONNECT request')
    return Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n')
  }
}

/** RFC 1928, without authentication: a greeting and a request, each in one segment, which they are on loopback. */
function socks5Handshake(): Handshake {
  let greeted = false
  return (_request, client) => {
    if (!greeted) {
      greeted = true
      client.say(Buffer.from([5, 0]))
      return undefined
    }
    return Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  }
}

function serve(socket: Socket, wire: Wire, handshake: Handshake): void {
  const client = new Client(socket, wire)
  let upstream: Socket | undefined
  const closeBoth = (): void => {
    upstream?.destroySoon()
    client.end()
  }
  socket.once('end', closeBoth).once('close', closeBoth)

  client.onData((chunk) => {
    if (upstream !== undefined) {
      if (!upstream.write(chunk)) socket.pause()
      return
    }
    const granted = handshake(chunk, client)
    if (granted === undefined) return
    const target = connect({ host: LOOPBACK, port: ORIGIN_PORT, noDelay: true })
    upstream = target
    target.once('connect', () => client.say(granted))
    target.on('drain', () => socket.resume())
    target.on('data', (answer: Buffer) => {
      if (client.say(answer)) return
      target.pause()
      socket.once('drain', () => target.resume())
    })
    target.on('error', closeBoth)
    target.once('end', closeBoth)
  })
}

function listen(wire: Wire, handshake: () => Handshake): Promise<Server> {
  let here = 0
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (here >= wire.maxConnections) {
      socket.destroy()
      return
    }
    here += 1
    counts.connections += 1
    socket.once('close', () => (here -= 1))
    serve(socket, wire, handshake())
  })
  return new Promise((resolve) => server.listen(0, LOOPBACK, () => resolve(server)))
}

process.on('message', () => {
  const seen: ProxyCounts = counts
  epoch += 1
  counts = { connections: 0, flights: 0 }
  report(seen)
})

const ports: Record<string, number> = {}
for (const [name, wire] of Object.entries(WIRES)) {
  ports[`http ${name}`] = port(await listen(wire, connectHandshake))
  ports[`socks5 ${name}`] = port(await listen(wire, socks5Handshake))
}
report({ ports })
