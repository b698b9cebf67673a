import { createHash } from 'node:crypto'
import type { ServerHttp2Session } from 'node:http2'
import { Readable } from 'node:stream'
import { fetch as undiciFetch, request as undiciRequest } from 'undici'
import { describe, expect, test } from 'vitest'
import { TransportError, type DiscordTransport } from '../../src/index.js'
import { messagesUrl } from '../cases/rest-requests.js'
import { rejectionOf } from '../support/faces.js'
import { startLab, USERS_ME, type Lab, type LabOptions } from '../support/lab.js'
import { say } from '../support/say.js'

const MEBIBYTE = 1024 * 1024

const startHttp2Lab = (options: LabOptions = {}): Promise<Lab> =>
  startLab({ ...options, transport: { http2: true, ...options.transport } })

/** A message with a file; resolves with the hash of what arrived. */
async function attach(lab: Lab, bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const form = new FormData()
  form.set('payload_json', JSON.stringify({ content: 'a file' }))
  form.set('files[0]', new File([bytes], 'file.bin'))
  const { headers, transport } = lab
  const response = await transport.fetch(messagesUrl(lab.discord), { method: 'POST', headers, body: form })
  expect(response.status).toBe(200)
  const { id } = (await response.json()) as { id: string }
  const request = lab.discord.rest.requests.find(({ files }) =>
    files.some(({ size }) => size === bytes.length),
  )
  expect(id).toBeDefined()
  return request?.files[0]?.sha256
}

/** How often each message arrived. */
function arrivals({ discord }: Lab): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { json } of discord.rest.requests) {
    if (typeof json !== 'object' || json === null || !('content' in json)) continue
    counts.set(String(json.content), (counts.get(String(json.content)) ?? 0) + 1)
  }
  return counts
}

/** The server's sessions, from now on. */
function sessionsOf({ discord }: Lab): Set<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>()
  discord.rest.onHttp2Session((session) => sessions.add(session))
  return sessions
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, number) => `message ${number}`)

const versions = ({ discord }: Lab): Set<string> =>
  new Set(discord.rest.requests.map(({ httpVersion }) => httpVersion))

describe('many requests share one tunnel', () => {
  test('300 sends at once arrive, each once, over at most 3 tunnels', async () => {
    const lab = await startHttp2Lab()
    const messages = numbered(300)
    const statuses = await Promise.all(messages.map((content) => say(lab, content)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect([...arrivals(lab).keys()].sort()).toEqual([...messages].sort())
    expect(new Set(arrivals(lab).values())).toEqual(new Set([1]))
    expect(versions(lab)).toEqual(new Set(['2.0']))
    expect(lab.proxy.connections.length).toBeLessThanOrEqual(3)
  })

  test('uploads go beside them', async () => {
    const lab = await startHttp2Lab()
    const files = Array.from({ length: 8 }, (_, number) => new Uint8Array(MEBIBYTE + number).fill(number))
    const [hashes, statuses] = await Promise.all([
      Promise.all(files.map((bytes) => attach(lab, bytes))),
      Promise.all(numbered(40).map((content) => say(lab, content))),
    ])
    expect(hashes).toEqual(files.map((bytes) => createHash('sha256').update(bytes).digest('hex')))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(versions(lab)).toEqual(new Set(['2.0']))
    expect(lab.proxy.connections.length).toBeLessThanOrEqual(3)
  })

  test('with a server that allows five streams at a time, too', async () => {
    const lab = await startHttp2Lab()
    lab.discord.rest.onHttp2Session((session) => session.settings({ maxConcurrentStreams: 5 }))
    const statuses = await Promise.all(numbered(60).map((content) => say(lab, content)))
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})

describe('what a caller may send and get', () => {
  test('a Node stream with a Content-Length', async () => {
    const lab = await startHttp2Lab()
    const body = JSON.stringify({ content: 'out of a stream' })
    const { statusCode, body: answer } = await undiciRequest(messagesUrl(lab.discord), {
      dispatcher: lab.transport.dispatcher,
      method: 'POST',
      headers: { ...lab.headers, 'content-type': 'application/json', 'content-length': String(body.length) },
      body: Readable.from([body.slice(0, 7), body.slice(7)]),
    })
    expect(await answer.json()).toMatchObject({ content: 'out of a stream' })
    expect(statusCode).toBe(200)
  })

  test("undici's own fetch, whose handlers are of the older kind", async () => {
    const lab = await startHttp2Lab()
    const { dispatcher } = lab.transport
    const response = await undiciFetch(USERS_ME, { dispatcher, headers: lab.headers })
    expect(await response.json()).toMatchObject({ id: lab.discord.user.id })
    expect(versions(lab)).toEqual(new Set(['2.0']))
  })

  test('a HEAD, whose answer has a length and no body', async () => {
    const lab = await startHttp2Lab()
    const response = await lab.transport.fetch(USERS_ME, { method: 'HEAD', headers: lab.headers })
    expect(await response.text()).toBe('')
  })

  test('a body that breaks off fails its own request, and no other', async () => {
    const lab = await startHttp2Lab()
    const broken = undiciRequest(messagesUrl(lab.discord), {
      dispatcher: lab.transport.dispatcher,
      method: 'POST',
      headers: lab.headers,
      body: Readable.from(
        (function* () {
          yield 'one'
          throw new Error('the file is gone')
        })(),
      ),
    })
    const [error, status] = await Promise.all([rejectionOf(broken), say(lab, 'beside it')])
    expect(String(error)).toContain('the file is gone')
    expect(status).toBe(200)
    expect(lab.proxy.connections).toHaveLength(1)
  })

  test('an abort ends its own request, and no other', async () => {
    const lab = await startHttp2Lab()
    lab.discord.rest.respondOnce('POST /channels/:id/messages', { stall: true })
    const abort = new AbortController()
    const stalled = say(lab, 'stalled', { signal: abort.signal })
    await lab.discord.rest.waitForRequest('POST /channels/:id/messages')
    const other = say(lab, 'beside it')
    abort.abort(new Error('changed my mind'))
    expect(await rejectionOf(stalled)).toMatchObject({ message: 'changed my mind' })
    expect(await other).toBe(200)
    expect(lab.proxy.connections).toHaveLength(1)
  })
})

describe('the end of a tunnel', () => {
  test('a GOAWAY lets what is under way be answered, and the rest goes over a new tunnel', async () => {
    const lab = await startHttp2Lab()
    const sessions = sessionsOf(lab)
    await lab.transport.warm()
    lab.discord.rest.respondOnce('POST /channels/:id/messages', { apply: true, delayMs: 100 })
    const slow = say(lab, 'under way')
    await lab.discord.rest.waitForRequest('POST /channels/:id/messages')
    for (const session of sessions) session.close()
    const statuses = await Promise.all([slow, ...numbered(20).map((content) => say(lab, content))])
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(new Set(arrivals(lab).values())).toEqual(new Set([1]))
  })

  test.each<['close' | 'reset']>([['close'], ['reset']])(
    'a cut (%s) fails what is under way with its name, once, and the next send works',
    async (how) => {
      const lab = await startHttp2Lab()
      lab.discord.rest.intercept('POST /channels/:id/messages', () => ({ stall: true }), { times: 20 })
      const stalled = numbered(20).map((content) => rejectionOf(say(lab, content)))
      await expect.poll(() => arrivals(lab).size).toBe(20)
      lab.proxy.cut(undefined, how)
      for (const error of await Promise.all(stalled)) {
        expect(error).toBeInstanceOf(TransportError)
        expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
      }
      expect(await say(lab, 'after it')).toBe(200)
      expect(arrivals(lab).size).toBe(21)
      expect(new Set(arrivals(lab).values())).toEqual(new Set([1]))
    },
  )

  test('cuts at random moments, uploads and aborts among the sends: nothing hangs, crashes or is doubled', async () => {
    const lab = await startHttp2Lab()
    const sessions = sessionsOf(lab)
    const outcomes = new Map<string, number>()
    const count = (outcome: string): unknown => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    const end = performance.now() + 2_500
    let sent = 0
    const sender = async (): Promise<void> => {
      while (performance.now() < end) {
        const number = (sent += 1)
        const signal = number % 5 === 0 ? { signal: AbortSignal.timeout(number % 17) } : {}
        const work =
          number % 29 === 0
            ? attach(lab, new Uint8Array(MEBIBYTE + number))
            : say(lab, `storm ${number}`, signal)
        await work.then(
          () => count('arrived'),
          (error: unknown) => {
            if (error instanceof TransportError) count(error.code)
            else if (error instanceof DOMException) count(error.name)
            else throw error
          },
        )
      }
    }
    const cutter = async (): Promise<void> => {
      for (let round = 0; performance.now() < end; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, (round * 37) % 90))
        if (round % 3 === 0) for (const session of sessions) if (!session.destroyed) session.destroy()
        if (round % 3 === 1) lab.proxy.cut(undefined, 'reset')
        if (round % 3 === 2) lab.proxy.cut(undefined, 'close')
        sessions.clear()
      }
    }
    await Promise.all([...Array.from({ length: 16 }, sender), cutter()])
    const known = ['arrived', 'ERR_CONNECTION_LOST', 'ERR_TARGET_TLS', 'ERR_PROXY_UNREACHABLE']
    expect([...known, 'ERR_PROXY_PROTOCOL', 'TimeoutError']).toEqual(
      expect.arrayContaining([...outcomes.keys()]),
    )
    expect(outcomes.get('arrived')).toBeGreaterThan(0)
    expect(Math.max(...[...arrivals(lab)].flatMap(([text, n]) => (text.startsWith('storm') ? n : [])))).toBe(
      1,
    )
  })

  test('close() fails what is under way with ERR_TRANSPORT_CLOSED, and ends', async () => {
    const lab = await startHttp2Lab()
    lab.discord.rest.intercept('POST /channels/:id/messages', () => ({ stall: true }))
    const stalled = numbered(5).map((content) => rejectionOf(say(lab, content)))
    await expect.poll(() => arrivals(lab).size).toBe(5)
    await lab.transport.close()
    for (const error of await Promise.all(stalled))
      expect(error).toMatchObject({ code: 'ERR_TRANSPORT_CLOSED' })
    await Promise.all(lab.proxy.connections.map(({ closed }) => closed))
  })

  test("the dispatcher's close() waits for what is under way", async () => {
    const lab = await startHttp2Lab()
    lab.discord.rest.respondOnce('POST /channels/:id/messages', { apply: true, delayMs: 50 })
    const slow = say(lab, 'under way')
    await lab.discord.rest.waitForRequest('POST /channels/:id/messages')
    await lab.transport.dispatcher.close()
    expect(await slow).toBe(200)
  })

  test('setProxy() lets what is under way end where it is', async () => {
    const lab = await startHttp2Lab()
    const other = await lab.startProxy({ scheme: 'socks5' })
    lab.discord.rest.respondOnce('POST /channels/:id/messages', { apply: true, delayMs: 50 })
    const slow = say(lab, 'under way')
    await lab.discord.rest.waitForRequest('POST /channels/:id/messages')
    lab.transport.setProxy(other.url)
    expect(await say(lab, 'by the other one')).toBe(200)
    expect(await slow).toBe(200)
    expect(other.established).toHaveLength(1)
    await lab.proxy.connections[0]?.closed
  })

  test('an idle tunnel ends after keepAliveMs', async () => {
    const lab = await startHttp2Lab({ transport: { keepAliveMs: 40 } })
    expect(await say(lab, 'and then silence')).toBe(200)
    await lab.proxy.connections[0]?.closed
    await expect.poll(() => tunnelsOpen(lab.transport)).toBe(0)
  })
})

const tunnelsOpen = (transport: DiscordTransport): number => transport.stats().tunnels.open
