import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'

/** A server on loopback that a proxy must not reach: it answers with a token that no other server knows. */
export interface Canary extends AsyncDisposable {
  readonly url: string
  /** Stands in its answer and nowhere else. */
  readonly token: string
  /** Whether its URL was requested. */
  readonly reached: boolean
}

/** Listens until it is disposed of. */
export async function startCanary(): Promise<Canary> {
  const token = randomBytes(24).toString('base64url')
  // Another secret than the answer: a proxy that repeats the URL in its error page has not reached anything.
  const path = `/${randomBytes(12).toString('base64url')}`
  let reached = false
  const server = createServer((request, response) => {
    if (request.url !== path) {
      response.writeHead(404).end()
      return
    }
    reached = true
    response.writeHead(200, { 'Content-Type': 'text/plain', Connection: 'close' }).end(token)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server)}${path}`,
    token,
    get reached() {
      return reached
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the canary has no port')
  return address.port
}
