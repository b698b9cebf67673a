import { REST, Routes } from 'discord.js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { TransportError, type TransportOptions } from '../../../src/index.js'
import { messagesUrl } from '../../cases/rest-requests.js'
import { startLab, type Lab } from '../../support/lab.js'
import { post } from '../../support/say.js'

/** Quick enough for a test, patient enough for a busy machine. */
const DELIVERY = { attempts: 20, budgetMs: 15_000, minDelayMs: 1, maxDelayMs: 20, answerTimeoutMs: 400 }
const GATEWAY_URL = 'https://discord.com/api/v10/gateway'
const CREATE = 'POST /channels/:id/messages'

function startDelivering(options: TransportOptions = {}): Promise<Lab> {
  return startLab({ transport: { delivery: DELIVERY, ...options } })
}

function contentsOf({ discord }: Lab): string[] {
  return discord.messages.in(discord.channelId).map(({ content }) => content)
}

function creations({ discord }: Lab) {
  return discord.rest.requests.filter(({ method, route }) => method === 'POST' && route.endsWith('/messages'))
}

async function rejection(promise: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof TransportError) return error
  throw new Error(`expected a TransportError, got ${String(error)}`)
}

it('a request that undici carries out is repeated after answerTimeoutMs too', async () => {
  const lab = await startDelivering()
  lab.discord.rest.intercept('GET /gateway', () => ({ stall: true }), { times: 1 })
  const response = await lab.transport.fetch(GATEWAY_URL, { cache: 'no-store' })
  expect(response.status).toBe(200)
  const { requests } = lab.discord.rest
  expect(requests.map(({ headers }) => headers['user-agent'])).toEqual(['node', 'node'])
})

describe('a Create Message whose answer is lost', () => {
  it.each([
    ['by a reset', { reset: true }],
    ['by a close', { reset: false }],
  ] as const)('%s is one message, and the caller gets it', async (_how, loss) => {
    const lab = await startDelivering()
    lab.discord.rest.loseAnswerOnce(CREATE, loss)
    const response = await post(lab, 'once')
    expect(response.status).toBe(200)
    const { id, content } = (await response.json()) as { id: string; content: string }
    expect(content).toBe('once')
    expect(lab.discord.messages.in(lab.discord.channelId).map((message) => message.id)).toEqual([id])
    const nonces = creations(lab).map(({ json }) => (json as { nonce: string }).nonce)
    expect(nonces).toHaveLength(2)
    expect(new Set(nonces).size).toBe(1)
  })

  it('with a file is one message with its file', async () => {
    const lab = await startDelivering()
    lab.discord.rest.loseAnswerOnce(CREATE)
    const body = new FormData()
    body.set('payload_json', JSON.stringify({ content: 'a file' }))
    body.set('files[0]', new File([Buffer.alloc(300_000, 7)], 'seven.bin'))
    const response = await lab.transport.fetch(messagesUrl(lab.discord), {
      method: 'POST',
      headers: lab.headers,
      body,
    })
    expect(await response.json()).toMatchObject({ attachments: [{ filename: 'seven.bin', size: 300_000 }] })
    expect(contentsOf(lab)).toEqual(['a file'])
    expect(creations(lab)).toHaveLength(2)
  })

  it('is noticed in time for a repeat with the default limits', async () => {
    const lab = await startDelivering({ delivery: true })
    lab.discord.rest.respondOnce(CREATE, { apply: true, stall: true })
    expect((await post(lab, 'stalled')).status).toBe(200)
    expect(contentsOf(lab)).toEqual(['stalled'])
    expect(creations(lab)).toHaveLength(2)
  })

  it('is noticed where the connection stays open and silent', async () => {
    const lab = await startDelivering()
    lab.discord.rest.respondOnce(CREATE, { apply: true, stall: true })
    expect((await post(lab, 'stalled')).status).toBe(200)
    expect(contentsOf(lab)).toEqual(['stalled'])
    expect(creations(lab)).toHaveLength(2)
  })

  it('because the proxy cut it is one message', async () => {
    const lab = await startDelivering()
    lab.discord.rest.respondOnce(CREATE, { apply: true, stall: true })
    const call = post(lab, 'cut')
    await lab.discord.rest.waitForRequest(CREATE)
    lab.proxy.cut()
    expect((await call).status).toBe(200)
    expect(contentsOf(lab)).toEqual(['cut'])
  })

  it('is one message however many bytes of the first connection come through', async () => {
    const lab = await startDelivering({ maxTunnels: 1 })
    const points = Array.from({ length: 32 }, (_, index) => index * 150)
    for (const bytes of points) {
      lab.proxy.cut()
      lab.proxy.fault = { kind: 'cut-after', bytes }
      const count = lab.proxy.connections.length
      const call = post(lab, `after ${bytes}`)
      await lab.proxy.waitForConnection(({ id }) => id > count)
      lab.proxy.fault = undefined
      expect((await call).status).toBe(200)
    }
    expect(contentsOf(lab)).toEqual(points.map((bytes) => `after ${bytes}`))
  })

  it('in the middle of its body was answered: the body breaks, and the message exists once', async () => {
    const lab = await startDelivering()
    lab.discord.rest.respondOnce(CREATE, { apply: true, cut: { afterBytes: 10 } })
    const error = await rejection(post(lab, 'broken body').then((response) => response.text()))
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
    expect(contentsOf(lab)).toEqual(['broken body'])
  })

  it('is left alone, body and all, where delivery is off', async () => {
    const lab = await startDelivering({ delivery: false })
    lab.discord.rest.loseAnswerOnce(CREATE)
    const error = await rejection(post(lab, 'off'))
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
    expect(creations(lab).map(({ rawBody }) => rawBody?.toString())).toEqual(['{"content":"off"}'])
  })
})

describe('what Discord cannot keep from being doubled', () => {
  it('is not repeated once it was sent: a webhook', async () => {
    const lab = await startDelivering()
    const { id, token } = lab.discord.state.addChannelWebhook(lab.discord.channelId)
    lab.discord.rest.loseAnswerOnce('POST /webhooks/:id/:token')
    const call = lab.transport.fetch(`https://discord.com/api/v10/webhooks/${id}/${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ content: 'from a webhook' }),
    })
    const error = await rejection(call)
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
    expect(error.hint).toContain('may have been carried out')
    expect(error.message).not.toContain('ECONNRESET')
    expect(contentsOf(lab)).toEqual(['from a webhook'])
  })

  it('is not repeated once it was sent: a thread', async () => {
    const lab = await startDelivering()
    lab.discord.rest.loseAnswerOnce('POST /channels/:id/threads')
    const call = lab.transport.fetch(messagesUrl(lab.discord).replace('messages', 'threads'), {
      method: 'POST',
      headers: { ...lab.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'only one' }),
    })
    expect((await rejection(call)).hint).toContain('may have been carried out')
    const threads = [...lab.discord.state.channels.values()].filter(({ name }) => name === 'only one')
    expect(threads).toHaveLength(1)
  })
})

describe('a proxy that is down', () => {
  it('and comes back carries everything that was to be sent meanwhile, once', async () => {
    const lab = await startDelivering({ delivery: { ...DELIVERY, attempts: 100 } })
    expect((await post(lab, 'before')).status).toBe(200)
    await lab.proxy.close()
    const failed = lab.nextEvent('tunnel-failed')
    const { id, token } = lab.discord.state.addChannelWebhook(lab.discord.channelId)
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ content: 'by webhook' }),
    }
    const calls = [
      post(lab, 'by bot'),
      lab.transport.fetch(`https://discord.com/api/v10/webhooks/${id}/${token}?wait=true`, init),
      lab.transport.fetch(messagesUrl(lab.discord), { headers: lab.headers }),
    ]
    await failed
    await lab.startProxy({ port: lab.proxy.port })
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(contentsOf(lab).sort()).toEqual(['before', 'by bot', 'by webhook'])
  })

  it('and stays down fails every call by name when the limits end', async () => {
    const lab = await startDelivering({ delivery: { ...DELIVERY, attempts: 3 } })
    await lab.proxy.close()
    expect(await rejection(post(lab, 'never'))).toMatchObject({
      code: 'ERR_PROXY_UNREACHABLE',
      sent: 'no',
      retryable: true,
    })
    expect(lab.events.filter(({ type }) => type === 'tunnel-failed')).toHaveLength(3)
  })
})

describe('a 503', () => {
  it('is waited out as it asks, and its body gives back the only tunnel', async () => {
    const lab = await startDelivering({ maxTunnels: 1 })
    lab.discord.rest.intercept(
      CREATE,
      () => ({ status: 503, body: Buffer.alloc(1024 * 1024), headers: { 'retry-after': '0.01' } }),
      { times: 3 },
    )
    expect((await post(lab, 'at last')).status).toBe(200)
    expect(creations(lab)).toHaveLength(4)
    expect(contentsOf(lab)).toEqual(['at last'])
  })
})

describe('a wait for the next attempt', () => {
  const PATIENT = { attempts: 5, budgetMs: 600_000, minDelayMs: 60_000, maxDelayMs: 60_000 }

  it('ends with the abort of the caller, and for the reason of the caller', async () => {
    const lab = await startDelivering({ delivery: PATIENT })
    lab.discord.rest.loseAnswerOnce(CREATE)
    const controller = new AbortController()
    const closed = lab.nextEvent('tunnel-close')
    const call = post(lab, 'aborted', { signal: controller.signal })
    await closed
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
  })

  it('ends with close()', async () => {
    const lab = await startDelivering({ delivery: PATIENT, connectTimeoutMs: 600_000 })
    await lab.proxy.close()
    const failed = lab.nextEvent('tunnel-failed')
    const call = rejection(post(lab, 'closed'))
    await failed
    await lab.transport.close()
    expect(await call).toMatchObject({ code: 'ERR_TRANSPORT_CLOSED', retryable: false })
  })
})

describe('REST of discord.js on top', () => {
  it.each([
    ['every attempt is answered with 502', { apply: true, status: 502 }],
    ['it is answered with 500', { apply: true, status: 500 }],
  ])('repeats, and it is one message: %s', async (_how, answer) => {
    const lab = await startDelivering({ delivery: { ...DELIVERY, attempts: 1 } })
    lab.discord.rest.respondOnce(CREATE, answer)
    const rest = new REST({ makeRequest: lab.transport.fetch }).setToken(lab.discord.token)
    onTestFinished(() => {
      rest.clearHashSweeper()
      rest.clearHandlerSweeper()
    })
    const message = await rest.post(Routes.channelMessages(lab.discord.channelId), {
      body: { content: 'hi' },
    })
    expect(message).toMatchObject({ content: 'hi' })
    expect(creations(lab)).toHaveLength(2)
    expect(contentsOf(lab)).toEqual(['hi'])
  })

  it('does not repeat what may have been carried out', async () => {
    const lab = await startDelivering({ delivery: { ...DELIVERY, attempts: 1 } })
    lab.discord.rest.loseAnswerOnce(CREATE, { reset: true })
    const rest = new REST({ makeRequest: lab.transport.fetch }).setToken(lab.discord.token)
    onTestFinished(() => {
      rest.clearHashSweeper()
      rest.clearHandlerSweeper()
    })
    const post = rest.post(Routes.channelMessages(lab.discord.channelId), { body: { content: 'hi' } })
    expect((await rejection(post)).hint).toContain('may have been carried out')
    expect(creations(lab)).toHaveLength(1)
  })
})
