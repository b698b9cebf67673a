import { request } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { parseOptions, resolveProxy } from '../../src/config/index.js'
import { TunnelDispatcher } from '../../src/dispatcher/dispatcher.js'
import { Route } from '../../src/tunnel/index.js'
import { messagesUrl } from '../cases/rest-requests.js'
import { rejectionOf } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

const SEND = 'POST /channels/:id/messages'

let end: (() => Promise<void>) | undefined
afterEach(() => end?.())

test('an answer that never comes ends by itself', async () => {
  const lab = await startLab()
  const options = parseOptions({ proxy: lab.proxy.url, tls: { ca: lab.discord.ca }, env: {} })
  const route = new Route(resolveProxy(options), options)
  const dispatcher = new TunnelDispatcher(route, { maxTunnels: 2, keepAliveMs: 1_000, silenceMs: 300 })
  end = async () => {
    await dispatcher.destroy()
    await route.close()
  }
  lab.discord.rest.intercept(SEND, () => ({ stall: true }), { times: 1 })
  const sent = request(messagesUrl(lab.discord), {
    dispatcher,
    method: 'POST',
    headers: lab.headers,
    body: '{"content":"x"}',
  })

  expect(await rejectionOf(sent)).toMatchObject({
    code: 'ERR_TARGET_TIMEOUT',
    phase: 'exchange',
    retryable: false,
    sent: 'maybe',
  })
  const next = await request(USERS_ME, { dispatcher, headers: lab.headers })
  expect(next.statusCode).toBe(200)
  await next.body.dump()
})
