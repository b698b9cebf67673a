import { Readable } from 'node:stream'
import { Request as UndiciRequest } from 'undici'
import { describe, expect, it } from 'vitest'
import type { DeliveryOptions } from '../../../src/config/index.js'
import { TransportError } from '../../../src/index.js'
import type { FetchInit } from '../../../src/rest/index.js'
import {
  closed,
  late,
  lost,
  MESSAGES,
  scripted,
  unreachable,
  WEBHOOK,
  type Sent,
  type Step,
} from './scripted.js'

const POST = { method: 'POST', body: '{"content":"hi"}' }

async function failureOf(promise: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof TransportError) return error
  throw new Error(`expected a TransportError, got ${String(error)}`)
}

describe('before the first byte was sent', () => {
  it.each(['GET', 'POST', 'PATCH', 'PUT', 'DELETE'])('%s is repeated', async (method) => {
    const { fetch, sent, clock } = scripted([unreachable(), unreachable(), 200])
    const body = method === 'GET' ? null : 'x'
    expect((await fetch(WEBHOOK, { method, body })).status).toBe(200)
    expect(sent).toHaveLength(3)
    expect(clock.waits).toEqual([375, 625])
  })

  it('the attempts have an end, and the last error is thrown', async () => {
    const { fetch, sent } = scripted([unreachable()], { attempts: 3 })
    const error = await failureOf(fetch(WEBHOOK, POST))
    expect(error).toMatchObject({ code: 'ERR_PROXY_UNREACHABLE', sent: 'no', retryable: true })
    expect(sent).toHaveLength(3)
  })

  it('no attempt is begun that would end behind the budget if it took as long as the last', async () => {
    const slow: Step = (clock) => {
      clock.time += 400
      return unreachable()
    }
    const limits = { attempts: 100, budgetMs: 1_000, minDelayMs: 100, maxDelayMs: 100 }
    const { fetch, sent, clock } = scripted([slow], limits)
    await failureOf(fetch(WEBHOOK, POST))
    expect(sent).toHaveLength(2)
    expect(clock.time - 1_000).toBe(900)
  })

  describe('while nothing has been sent, connectTimeoutMs is the time for all attempts', () => {
    const limits = { attempts: 100, budgetMs: 15_000, minDelayMs: 100, maxDelayMs: 100 }

    it('so an attempt that used it up is the only one', async () => {
      const silent: Step = (clock) => {
        clock.time += 1_000
        return unreachable()
      }
      const { fetch, sent } = scripted([silent], limits, { connectTimeoutMs: 1_000 })
      await failureOf(fetch(WEBHOOK, POST))
      expect(sent).toHaveLength(1)
    })

    it('and quick refusals are repeated within it', async () => {
      const { fetch, sent, clock } = scripted([unreachable()], limits, { connectTimeoutMs: 1_000 })
      await failureOf(fetch(WEBHOOK, POST))
      expect(sent).toHaveLength(11)
      expect(clock.time - 1_000).toBe(1_000)
    })

    it('but a call of which something has been sent has budgetMs', async () => {
      const { fetch, clock } = scripted([lost(), unreachable()], limits, { connectTimeoutMs: 1_000 })
      await failureOf(fetch(MESSAGES, POST))
      expect(clock.time - 1_000).toBeGreaterThan(9_000)
    })
  })

  it('what would fail again is not repeated', async () => {
    const refused = new TransportError('wrong password', {
      code: 'ERR_PROXY_AUTH',
      phase: 'proxy-auth',
      target: 'discord.com:443',
      hint: '',
      retryable: false,
    })
    const { fetch, sent } = scripted([refused])
    expect(await failureOf(fetch(WEBHOOK, POST))).toBe(refused)
    expect(sent).toHaveLength(1)
  })

  it.each<[string, () => FetchInit]>([
    ['a ReadableStream', () => ({ method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' })],
    ['a generator', () => ({ method: 'PUT', body: generator(), duplex: 'half' })],
  ])('%s is sent once', async (_name, init) => {
    const { fetch, sent } = scripted([unreachable(), 200])
    await failureOf(fetch(WEBHOOK, init()))
    expect(sent).toHaveLength(1)
  })

  it("the failure of a redirect's second request is not taken for one of the first", async () => {
    const { fetch, sent } = scripted([unreachable('elsewhere.example:443'), 200])
    const error = await failureOf(fetch(WEBHOOK, POST))
    expect(error).toMatchObject({ sent: 'maybe', retryable: false })
    expect(sent).toHaveLength(1)
  })
})

describe('after that', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'get', 'delete'])('%s is repeated', async (method) => {
    const { fetch, sent } = scripted([lost(), late(), 204])
    expect((await fetch(WEBHOOK, { method })).status).toBe(204)
    expect(sent).toHaveLength(3)
  })

  it('a harmless one that may have been carried out does not say that nothing was sent', async () => {
    for (const first of [lost(), 503]) {
      const { fetch } = scripted([first, unreachable()])
      const error = await failureOf(fetch(WEBHOOK, { method: 'DELETE' }))
      expect(error).toMatchObject({ code: 'ERR_PROXY_UNREACHABLE', sent: 'maybe', retryable: true })
    }
  })

  it.each<[string, FetchInit]>([
    ['text', { method: 'PUT', body: 'x' }],
    ['bytes', { method: 'PUT', body: new Uint8Array(3) }],
    ['an ArrayBuffer', { method: 'PUT', body: new ArrayBuffer(3) }],
    ['a Blob', { method: 'PUT', body: new Blob(['x']) }],
    ['URLSearchParams', { method: 'PUT', body: new URLSearchParams('a=b') }],
    ['a form', { method: 'PUT', body: new FormData() }],
  ])('%s is repeated as it is', async (_name, init) => {
    const { fetch, sent } = scripted([lost(), 200])
    await fetch(WEBHOOK, init)
    const [first, second] = sent.map(({ request }) => request)
    expect(second).toBe(first)
    expect(first?.body?.replayable).toBe(true)
  })

  it('a stream is not, and the last error of a harmless method is thrown as it is', async () => {
    const error = lost()
    const { fetch, sent } = scripted([error])
    const init = { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' as const }
    expect(await failureOf(fetch(WEBHOOK, init))).toBe(error)
    expect(sent).toHaveLength(1)
  })

  it.each([
    ['a webhook', 'POST', WEBHOOK],
    ['an interaction callback', 'POST', 'https://discord.com/api/v10/interactions/1/token/callback'],
    ['a thread start', 'POST', MESSAGES.replace('messages', 'threads')],
    ['an edit', 'PATCH', `${MESSAGES}/1`],
    ['another host', 'POST', 'https://example.com/api/v10/channels/1/messages'],
  ])('%s is not: the error says that it may have been carried out', async (_name, method, url) => {
    const { fetch, sent } = scripted([
      new TransportError(lost().message, { ...details(lost()), target: `${new URL(url).host}:443` }),
    ])
    const error = await failureOf(fetch(url, { method, body: '{"content":"hi"}' }))
    expect(error).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      phase: 'exchange',
      proxy: 'http://proxy:1',
      retryable: false,
      sent: 'maybe',
    })
    expect(error.hint).toContain('may have been carried out')
    expect(sent.map(({ text }) => text)).toEqual(['{"content":"hi"}'])
  })

  it('such an error has no ECONNRESET in it, which @discordjs/rest would repeat', async () => {
    const { fetch } = scripted([lost()])
    const error = await failureOf(fetch(WEBHOOK, POST))
    expect(`${error.name} ${error.code} ${error.message}`).not.toMatch(/ECONNRESET|AbortError/)
    expect(error.cause).toMatchObject({ code: 'ECONNRESET' })
  })

  it('an answer that does not come is named as such', async () => {
    const { fetch } = scripted([late()])
    const error = await failureOf(fetch(WEBHOOK, POST))
    expect(error).toMatchObject({ code: 'ERR_TARGET_TIMEOUT', retryable: false, sent: 'maybe' })
    expect(error.hint).toContain('may have been carried out')
  })
})

describe('a Create Message', () => {
  it('is repeated with one nonce that Discord enforces', async () => {
    const { fetch, sent } = scripted([lost(), 503, unreachable(), 200])
    expect((await fetch(MESSAGES, POST)).status).toBe(200)
    expect(sent).toHaveLength(4)
    expect(new Set(sent.map(({ text }) => text)).size).toBe(1)
    expect(JSON.parse(sent[0]?.text ?? '')).toEqual({
      content: 'hi',
      nonce: expect.stringMatching(/^[\w-]{17,25}$/) as unknown,
      enforce_nonce: true,
    })
  })

  it('two of them have two nonces', async () => {
    const { fetch, sent } = scripted([200])
    await fetch(MESSAGES, POST)
    await fetch(MESSAGES, POST)
    expect(sent[0]?.text).not.toBe(sent[1]?.text)
  })

  it('with files is repeated as a form with the same nonce and the same files', async () => {
    const form = new FormData()
    form.set('payload_json', '{"content":"hi"}')
    form.set('files[0]', new File(['x'], 'x.txt'))
    const { fetch, sent } = scripted([lost(), 200])
    await fetch(new URL(MESSAGES), { method: 'POST', body: form })
    expect(sent).toHaveLength(2)
    expect(sent[1]?.request.body).toBe(sent[0]?.request.body)
    const text = await readAll(sent[0])
    expect(text).toMatch(/\{"content":"hi","nonce":"[\w-]+","enforce_nonce":true\}/)
    expect(text).toContain('filename="x.txt"')
    expect(form.get('payload_json')).toBe('{"content":"hi"}')
  })

  it.each<[string, FetchInit]>([
    ['it does not want a nonce', { body: '{"content":"hi","enforce_nonce":false}' }],
    ['its nonce is not enforced', { body: '{"content":"hi","nonce":"mine"}' }],
    ['it is not JSON', { body: '{"content":"hi"' }],
    ['its length was counted', { body: POST.body, headers: { 'Content-Length': '16' } }],
    [
      'its length was counted in Headers',
      { body: POST.body, headers: new Headers({ 'content-length': '16' }) },
    ],
    ['its length was counted in pairs', { body: POST.body, headers: [['content-length', '16']] }],
    ['it has no body', {}],
  ])('goes as it is and is not repeated where %s', async (_name, init) => {
    const { fetch, sent } = scripted([lost(), 200])
    const error = await failureOf(fetch(MESSAGES, { ...init, method: 'POST' }))
    expect(error.hint).toContain('may have been carried out')
    expect(sent).toHaveLength(1)
    expect(sent[0]?.text).toBe(init.body)
  })

  it.each<[string, NonNullable<FetchInit['body']>]>([
    ['a Buffer', Buffer.from(POST.body)],
    ['an ArrayBuffer', new TextEncoder().encode(POST.body).buffer],
    ['a view into a larger buffer', new Uint8Array(Buffer.from(` ${POST.body} `)).subarray(1, -1)],
  ])('in %s is repeated too', async (_name, body) => {
    const { fetch, sent } = scripted([lost(), 200])
    await fetch(MESSAGES, { method: 'POST', body })
    expect(JSON.parse(sent[1]?.text ?? '')).toMatchObject({ content: 'hi', enforce_nonce: true })
  })

  it('keeps every other member of its init, and does not change the init of its caller', async () => {
    const { fetch, sent } = scripted([200])
    const { signal } = new AbortController()
    const init = { ...POST, headers: { a: 'b' }, signal, redirect: 'error' as const }
    await fetch(MESSAGES, init)
    expect(sent[0]?.request).toMatchObject({ method: 'POST', signal, redirect: 'error' })
    expect(sent[0]?.request.headers.get('a')).toBe('b')
    expect(init.body).toBe(POST.body)
  })

  it('whose first attempt may have been carried out never says that nothing was sent', async () => {
    for (const first of [lost(), 502]) {
      const { fetch, sent } = scripted([first, unreachable()], { attempts: 3 })
      const error = await failureOf(fetch(MESSAGES, POST))
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
      expect(error.hint).toContain('may have been carried out')
      expect(error.cause).toMatchObject({ code: 'ERR_PROXY_UNREACHABLE' })
      expect(sent).toHaveLength(3)
    }
  })
})

describe('the answer', () => {
  it.each([502, 503, 504])('%i is repeated where that is harmless', async (status) => {
    const { fetch, sent } = scripted([status, 200])
    expect((await fetch(WEBHOOK)).status).toBe(200)
    expect(sent).toHaveLength(2)
    const other = scripted([status, 200])
    expect((await other.fetch(WEBHOOK, POST)).status).toBe(status)
    expect(other.sent).toHaveLength(1)
  })

  it.each([429, 500, 501, 400, 404, 520])('%i is not', async (status) => {
    for (const [url, init] of [
      [WEBHOOK, {}],
      [MESSAGES, POST],
    ] as const) {
      const answer = new Response('x', { status, headers: { 'retry-after': '0' } })
      const { fetch, sent } = scripted([answer, 200])
      expect(await fetch(url, init)).toBe(answer)
      expect(sent).toHaveLength(1)
    }
  })

  it.each<[string, Step]>([
    ['a lost answer', lost()],
    ['a 503', 503],
  ])('429 is waited for after %s: it says that nothing was carried out', async (_name, first) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const limited = new Response(null, { status: 429, headers: { 'retry-after': '2' } })
      const { fetch, sent, clock } = scripted([first, limited, 200])
      const url = method === 'POST' ? MESSAGES : WEBHOOK
      expect((await fetch(url, { ...POST, method })).status).toBe(200)
      expect(new Set(sent.map(({ text }) => text)).size).toBe(1)
      expect(sent).toHaveLength(3)
      expect(clock.waits[1]).toBe(2_000)
    }
  })

  it('429 says in its body how long to wait, where it has no Retry-After', async () => {
    const limited = Response.json(
      { message: 'You are being rate limited.', retry_after: 1.5 },
      { status: 429 },
    )
    const { fetch, clock } = scripted([lost(), limited, 200])
    expect((await fetch(MESSAGES, POST)).status).toBe(200)
    expect(clock.waits[1]).toBe(1_500)
  })

  it.each<[string, DeliveryOptions, string]>([
    ['the budget', {}, '60'],
    ['the last attempt', { attempts: 2 }, '0'],
  ])('429 that outlasts %s fails the call as in doubt', async (_limit, limits, seconds) => {
    const limited = () => new Response(null, { status: 429, headers: { 'retry-after': seconds } })
    const message = scripted([lost(), limited()], limits)
    expect(await failureOf(message.fetch(MESSAGES, POST))).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      sent: 'maybe',
      retryable: false,
    })
    const harmless = scripted([503, limited()], limits)
    const error = await failureOf(harmless.fetch(WEBHOOK, { method: 'DELETE' }))
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: true })
    expect(error.message).toContain('was answered with 503')
    expect(error.cause).toMatchObject({ message: 'the repeat was answered with 429' })
  })

  it('429 is passed on to a GET even then: it cannot have been carried out', async () => {
    const { fetch } = scripted([lost(), 429])
    expect((await fetch(WEBHOOK)).status).toBe(429)
  })

  it('is the last one, as it is, where the limits end', async () => {
    const last = new Response('still down', { status: 503 })
    const { fetch, sent } = scripted([502, 504, last], { attempts: 3 })
    expect(await fetch(WEBHOOK)).toBe(last)
    expect(await last.text()).toBe('still down')
    expect(sent).toHaveLength(3)
  })

  it('says how long to wait, even longer than the longest delay', async () => {
    const busy = new Response(null, { status: 503, headers: { 'retry-after': '6' } })
    const { fetch, clock } = scripted([busy, 200])
    await fetch(WEBHOOK)
    expect(clock.waits).toEqual([6_000])
  })

  it('is returned at once where it asks for more than the budget', async () => {
    const busy = new Response(null, { status: 503, headers: { 'retry-after': '60' } })
    const { fetch, clock } = scripted([busy, 200])
    expect(await fetch(WEBHOOK)).toBe(busy)
    expect(clock.waits).toEqual([])
  })

  it('that is not returned is cancelled', async () => {
    let cancelled = 0
    const body = new ReadableStream({ cancel: () => void (cancelled += 1) })
    const { fetch } = scripted([new Response(body, { status: 503 }), 200])
    await fetch(WEBHOOK)
    expect(cancelled).toBe(1)
  })
})

describe('the wait for an answer', () => {
  it('has a limit as long as another attempt can follow', async () => {
    const slow: Step = (clock) => {
      clock.time += 7_000 // a second late
      return late()
    }
    const { fetch, sent } = scripted([slow, slow])
    await failureOf(fetch(WEBHOOK))
    expect(sent.map(({ impatient }) => impatient)).toEqual([true, false])
  })

  it('has none for the last attempt that the limit allows, however much time is left', async () => {
    const { fetch, sent } = scripted([late()], { attempts: 2, budgetMs: 600_000 })
    await failureOf(fetch(WEBHOOK))
    expect(sent.map(({ impatient }) => impatient)).toEqual([true, false])
  })

  it('has none where nothing can be repeated, nor for uploads', async () => {
    const form = new FormData()
    form.set('payload_json', '{}')
    form.set('files[0]', new File(['x'], 'x.txt'))
    for (const [url, init] of [
      [WEBHOOK, POST],
      [MESSAGES, { method: 'POST', body: form }],
      [WEBHOOK, { method: 'PUT', body: new Blob(['x']) }],
      [WEBHOOK, { method: 'PUT', body: 'x'.repeat(1024 * 1024 + 1) }],
    ] as const) {
      const { fetch, sent } = scripted([200])
      await fetch(url, init)
      expect(sent.map(({ impatient }) => impatient)).toEqual([false])
    }
  })
})

describe('an abort', () => {
  it.each(['init', 'Request', "undici's Request"])(
    'of the %s ends a wait with its own reason',
    async (kind) => {
      const controller = new AbortController()
      const { signal } = controller
      const reason = new Error('the caller has changed his mind')
      const { fetch, clock, sent } = scripted([lost()])
      clock.onWait = () => controller.abort(reason)
      const call =
        kind === 'init'
          ? fetch(WEBHOOK, { signal })
          : fetch(
              kind === 'Request' ? new Request(WEBHOOK, { signal }) : new UndiciRequest(WEBHOOK, { signal }),
            )
      await expect(call).rejects.toBe(reason)
      expect(sent).toHaveLength(1)
    },
  )

  it('that an attempt reports is not repeated', async () => {
    const reason = new DOMException('This operation was aborted', 'AbortError')
    const controller = new AbortController()
    const { fetch, sent } = scripted([
      lost(),
      () => {
        controller.abort(reason)
        return reason
      },
    ])
    await expect(fetch(MESSAGES, { ...POST, signal: controller.signal })).rejects.toBe(reason)
    expect(sent).toHaveLength(2)
  })

  it('signal: null of the init takes the place of that of a Request', async () => {
    const controller = new AbortController()
    const { fetch, clock } = scripted([lost(), 200])
    clock.onWait = () => controller.abort()
    const request = new Request(WEBHOOK, { signal: controller.signal })
    expect((await fetch(request, { signal: null })).status).toBe(200)
  })
})

describe('close()', () => {
  it('ends a wait, and says what may have been carried out', async () => {
    for (const [step, sent] of [
      [lost(), 'maybe'],
      [503, 'maybe'],
    ] as const) {
      const closing = new AbortController()
      const { fetch, clock } = scripted([step], {}, { closing: closing.signal })
      clock.onWait = () => closing.abort(closed())
      const error = await failureOf(fetch(MESSAGES, POST))
      expect(error).toMatchObject({ code: 'ERR_TRANSPORT_CLOSED', sent, retryable: false })
      expect(error.hint).toContain('may have been carried out')
    }
  })

  it('says that nothing was sent, where that is so', async () => {
    const closing = new AbortController()
    const { fetch, clock } = scripted([unreachable()], {}, { closing: closing.signal })
    clock.onWait = () => closing.abort(closed())
    const error = await failureOf(fetch(MESSAGES, POST))
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT_CLOSED', sent: 'no', retryable: false })
  })

  it('is not repeated', async () => {
    const { fetch, sent } = scripted([closed()])
    expect(await failureOf(fetch(WEBHOOK))).toMatchObject({ code: 'ERR_TRANSPORT_CLOSED' })
    expect(sent).toHaveLength(1)
  })
})

describe('an error that is not a failure of the route', () => {
  it('is thrown at once, as it is', async () => {
    const error = new TypeError('fetch failed')
    const { fetch, sent } = scripted([error])
    await expect(fetch(MESSAGES, POST)).rejects.toBe(error)
    expect(sent).toHaveLength(1)
  })

  it('is in doubt behind an attempt that may have been carried out', async () => {
    const { fetch } = scripted([lost(), new TypeError('fetch failed')])
    expect(await failureOf(fetch(MESSAGES, POST))).toMatchObject({ sent: 'maybe', retryable: false })
  })
})

/** All of a body that is not in memory as a whole. */
async function readAll(sent: Sent | undefined): Promise<string> {
  const body = sent?.request.body?.open()
  if (!(body instanceof Readable)) throw new Error('no stream was sent')
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(Buffer.from(chunk as Buffer))
  return Buffer.concat(chunks).toString()
}

async function* generator(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(1))
}

function details(error: TransportError) {
  const { code, phase, proxy, hint, retryable, cause } = error
  return { code, phase, proxy, hint, retryable, cause }
}
