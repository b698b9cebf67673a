import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { watchConnects } from '../support/connects.js'
import { Listener } from './proxy/listener.js'
import { layWire } from './proxy/wire.js'

test('a wire lets go of a server that was still sending when its client had ended, read nothing and was gone', async () => {
  const sent = Buffer.alloc(64 * 1024 * 1024)
  const server = await Listener.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (socket) => void socket.resume().write(sent),
  })
  onTestFinished(() => server.close())
  const wire = await layWire({ host: '127.0.0.1', port: 0, delayMs: 1, to: server.port })
  onTestFinished(() => wire.close())
  const connects: Socket[] = []
  watchConnects((socket) => connects.push(socket))
  const client = connect({ port: wire.port, host: '127.0.0.1' })
  await once(client, 'connect')
  client.pause().end()
  const far = (): Socket => connects[1] ?? expect.unreachable('the wire has not connected')
  // The wire holds what the client does not read, and reads no more itself.
  await expect.poll(() => far().isPaused()).toBe(true)
  await expect.poll(() => far().writableEnded).toBe(true)
  client.destroy()
  await Promise.all([wire.close(), server.close()])
  await expect.poll(() => far().destroyed).toBe(true)
})
