import { request, type Client } from 'undici'
import type * as Undici from 'undici'
import { expect, test, vi } from 'vitest'
import { messagesUrl } from '../cases/rest-requests.js'
import { getByFetch, rejectionOf } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'
import { openDispatcher } from './open-dispatcher.js'

const clients = vi.hoisted(() => ({ options: [] as Client.Options[] }))
vi.mock('undici', async (importOriginal) => {
  const undici = await importOriginal<typeof Undici>()
  class SeenClient extends undici.Client {
    constructor(url: string | URL, options: Client.Options) {
      clients.options.push(options)
      super(url, options)
    }
  }
  return { ...undici, Client: SeenClient }
})

const SEND = 'POST /channels/:id/messages'

test('an answer that never comes fails after silenceMs', async () => {
  const lab = await startLab()
  const dispatcher = openDispatcher(lab, { silenceMs: 300 })
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

test('a transport waits 150 seconds for the answer, and as long for each part of its body', async () => {
  const lab = await startLab()
  clients.options.length = 0
  await getByFetch(lab.transport, USERS_ME, lab.headers)
  expect(clients.options).toHaveLength(1)
  expect(clients.options[0]).toMatchObject({ headersTimeout: 150_000, bodyTimeout: 150_000 })
})
