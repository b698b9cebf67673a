import { once } from 'node:events'
import tls from 'node:tls'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { startLab } from '../support/lab.js'

test('tls.connect takes the proxy', async () => {
  const { transport, proxy, ca } = await startLab()
  transport.install()
  const socket = tls.connect({
    host: 'discord.com',
    port: 443,
    servername: 'discord.com',
    ca: ca.certificate,
  })
  await once(socket, 'secureConnect')
  socket.write('GET /api/v10/gateway HTTP/1.1\r\nHost: discord.com\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  expect(text).toContain('200')
  expect(proxy.connections.length).toBe(1)
})
test('ws takes the proxy', async () => {
  const { transport } = await startLab()
  transport.install()
  const socket = new WebSocket('wss://gateway.discord.gg/?v=10&encoding=json')
  const [message] = (await once(socket, 'message')) as [Buffer]
  expect(String(message)).toContain('heartbeat')
  socket.terminate()
  await once(socket, 'close')
})
