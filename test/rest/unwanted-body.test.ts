import { expect, test } from 'vitest'
import { directTransport } from './support/fetches.js'
import { startRawOrigin } from './support/origin.js'

const KIB = 1024

/** Follows a redirect whose body has `bytes`; resolves with the number of connections that it took. */
async function connectionsFor(bytes: number): Promise<number> {
  const sockets = new Set<unknown>()
  const origin = await startRawOrigin((socket, head) => {
    sockets.add(socket)
    if (head.startsWith('GET /there ')) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      return
    }
    socket.write(`HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: ${bytes}\r\n\r\n`)
    socket.write(Buffer.alloc(bytes))
  })
  const transport = directTransport({ maxTunnels: 1 })
  const response = await transport.fetch(`${origin.url}/here`)
  expect(await response.text()).toBe('ok')
  await transport.close()
  await origin.close()
  return sockets.size
}

test.each<[string, number, number]>([
  ['up to 64 KiB is read, and its connection used again', 64 * KIB, 1],
  ['of 1 MiB ends its connection', KIB * KIB, 2],
  ['of 64 MiB is not read to its end', 64 * KIB * KIB, 2],
])('the body of a redirect %s', async (_name, bytes, connections) => {
  expect(await connectionsFor(bytes)).toBe(connections)
})
