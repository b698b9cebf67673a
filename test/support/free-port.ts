import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port of loopback that nobody listens on: for programs that want to be told theirs. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
  return address.port
}
