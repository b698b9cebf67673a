import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A relay in front of a proxy that counts round trips instead of milliseconds: TCP's handshake is one, and each
 * time the client has to say something after it has heard something is another.
 */
export interface FlightRecorder {
  /** The proxy's URL, by way of this relay. */
  readonly url: string
  /** Since the last `reset()`. */
  readonly roundTrips: number
  readonly connections: number
  reset(): void
}

/** Closed when the test has finished. */
export async function recordFlights(proxyUrl: string): Promise<FlightRecorder> {
  const url = new URL(proxyUrl)
  const target = { host: url.hostname, port: Number(url.port), noDelay: true }
  const open = new Set<Socket>()
  let roundTrips = 0
  let connections = 0
  /** Counts the resets: the first word after one begins a round trip, whatever was said before. */
  let epoch = 0

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect(target)
    let heard = true
    let saidIn = epoch
    connections += 1
    roundTrips += 1
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', (hadError) => {
        open.delete(socket)
        const other = socket === near ? far : near
        if (hadError) other.resetAndDestroy()
        else other.destroySoon()
      })
    }
    near.on('data', (chunk) => {
      if (heard || saidIn !== epoch) roundTrips += 1
      heard = false
      saidIn = epoch
      far.write(chunk)
    })
    far.on('data', (chunk) => {
      heard = true
      near.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of open) socket.destroy()
    await closed
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
  url.port = String(address.port)
  return {
    url: url.href.replace(/\/$/, ''),
    get roundTrips() {
      return roundTrips
    },
    get connections() {
      return connections
    },
    reset() {
      roundTrips = 0
      connections = 0
      epoch += 1
    },
  }
}
