import type http from 'node:http'
import https from 'node:https'
import { json } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startLab, USERS_ME } from '../support/lab.js'

test('https.get takes the proxy', async () => {
  const { transport, proxy, headers } = await startLab()
  using installed = transport.install()
  expect(installed.active).toBe(true)
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) =>
    https.get(USERS_ME, { headers, agent: new https.Agent() }, resolve).on('error', reject),
  )
  expect(await json(answer)).toMatchObject({ bot: true })
  expect(proxy.connections.length).toBeGreaterThan(0)
})
