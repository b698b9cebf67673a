import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'vitest'

test('opens and closes', async () => {
  clearTimeout(setTimeout(() => undefined, 60_000))
  const server = createServer((socket) => socket.end('bye'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const client = connect(address.port, '127.0.0.1')
  client.resume()
  await once(client, 'close')
  // Still closing when the test ends: that is no leak.
  server.close()
  setTimeout(() => undefined, 50)
})
