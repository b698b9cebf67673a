import { once } from 'node:events'
import net from 'node:net'
import { expect, test } from 'vitest'
import { startCanary } from '../../../src/doctor/validate/canary.js'

test('only the URL of the canary has its token and reaches it', async () => {
  await using canary = await startCanary()
  const { origin } = new URL(canary.url)
  for (const path of ['/', '/favicon.ico']) {
    const response = await fetch(`${origin}${path}`)
    expect([response.status, await response.text()]).toEqual([404, ''])
  }
  expect(canary.reached).toBe(false)
  await (await fetch(canary.url)).text()
  expect(canary.reached).toBe(true)
})

test('the canary answers on 127.0.0.1, and listens on no other address of this host', async () => {
  await using canary = await startCanary()
  const port = Number(new URL(canary.url).port)
  expect(await (await fetch(canary.url)).text()).toBe(canary.token)
  // Another loopback address, which a server of all interfaces has too. macOS has none of IPv4.
  const socket = net.connect(port, process.platform === 'darwin' ? '::1' : '127.0.0.2')
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  socket.destroy()
})
