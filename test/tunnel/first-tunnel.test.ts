import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDiscordTransport } from '../../src/index.js'
import { deferred } from '../support/deferred.js'
import { failureOf } from '../support/faces.js'

// They take tens of milliseconds, which would otherwise be added to the first send.
test('the certificates that are trusted are read while the proxy is asked for the first tunnel', async () => {
  const original = tls.createSecureContext
  const read = deferred<undefined>()
  vi.spyOn(tls, 'createSecureContext').mockImplementation((options) => {
    read.resolve(undefined)
    return original(options)
  })
  syncBuiltinESMExports()
  onTestFinished(() => {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
  })
  const proxy = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      void read.promise.then(() => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'))
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  const { port } = proxy.address() as AddressInfo
  const transport = createDiscordTransport({
    proxy: `http://127.0.0.1:${port}`,
    env: {},
    connectTimeoutMs: 5_000,
  })
  onTestFinished(() => transport.close())
  const error = await failureOf(transport.fetch('https://discord.com/api/v10/gateway'))
  // Without it the proxy would never answer, and the error would be ERR_PROXY_TIMEOUT.
  expect(error.code).not.toBe('ERR_PROXY_TIMEOUT')
})
