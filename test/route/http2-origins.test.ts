import { constants } from 'node:http2'
import { request } from 'undici'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { TransportError } from '../../src/index.js'
import type { LabScheme } from '../lab/proxy/index.js'
import { deferred } from '../support/deferred.js'
import { failureOf, rejectionOf } from '../support/faces.js'
import { startLab, USERS_ME, type Lab } from '../support/lab.js'
import { say } from '../support/say.js'

const SEND = 'POST /channels/:id/messages'

/** Requests that arrived, those that were never carried out included. */
async function arrived({ discord }: Lab, count: number): Promise<void> {
  let seen = 0
  await discord.rest.waitForRequest(() => (seen += 1) >= count)
}

const written = ({ discord }: Lab): string[] =>
  discord.messages.in(discord.channelId).map(({ content }) => content)

const versions = ({ discord }: Lab): Set<string> =>
  new Set(discord.rest.requests.map(({ httpVersion }) => httpVersion))

const realNow = performance.now.bind(performance)

/** The clock of a session that has heard nothing for long enough to be suspected. */
const afterLongSilence = (): number => realNow() + 6_000

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each<LabScheme>(['http', 'socks5'])('http2: true through a proxy of scheme %s', (scheme) => {
  test('speaks HTTP/1.1 to an origin that offers nothing else, over as many tunnels as that needs', async () => {
    const lab = await startLab({
      scheme,
      discord: { http2: false },
      transport: { http2: true, maxTunnels: 4 },
    })
    const contents = Array.from({ length: 40 }, (_, number) => `message ${number}`)
    const statuses = await Promise.all(contents.map((content) => say(lab, content)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(written(lab).sort()).toEqual([...contents].sort())
    expect(versions(lab)).toEqual(new Set(['1.1']))
    expect(lab.discord.connections().every(({ alpn }) => alpn === 'http/1.1')).toBe(true)
    expect(lab.proxy.established.length).toBeGreaterThan(1)
    expect(lab.proxy.peakOpen).toBeLessThanOrEqual(4)
  })

  test('keeps one tunnel for one request after the other', async () => {
    const lab = await startLab({ scheme, discord: { http2: false }, transport: { http2: true } })
    for (let number = 0; number < 5; number++) expect(await say(lab, `message ${number}`)).toBe(200)
    expect(lab.proxy.connections).toHaveLength(1)
    expect(lab.transport.stats().tunnels).toMatchObject({ opened: 1, reused: 4 })
  })
})

describe('an HTTP/2 origin says GOAWAY while requests are in flight', () => {
  test('what it will not process is sent again over a new tunnel, once; what it began is answered', async () => {
    const lab = await startLab({ transport: { http2: true } })
    const release = deferred<undefined>()
    // The first is carried out late; what the server gives up is never carried out.
    lab.discord.rest.intercept(SEND, () => release.promise.then(() => ({ apply: true })), { times: 1 })
    const first = say(lab, 'begun')
    await lab.discord.rest.waitForRequest(SEND)
    lab.discord.rest.intercept(SEND, () => ({ stall: true }), { times: 3 })
    const others = ['given up 1', 'given up 2', 'given up 3'].map((content) => say(lab, content))
    await arrived(lab, 4)

    const [session] = lab.discord.rest.http2Sessions
    // RFC 9113 §6.8: streams above the last identifier "were not or will not be processed". The first has 1.
    session?.goaway(constants.NGHTTP2_NO_ERROR, 1)
    expect(await Promise.all(others)).toEqual([200, 200, 200])
    expect(await say(lab, 'new')).toBe(200)
    release.resolve(undefined)
    expect(await first).toBe(200)

    expect(written(lab).sort()).toEqual(['begun', 'given up 1', 'given up 2', 'given up 3', 'new'])
    expect(lab.proxy.connections).toHaveLength(2)
    await lab.proxy.connections[0]?.closed
  })

  test('with an error code: what was in flight fails by name, once, and the next send has a new tunnel', async () => {
    const lab = await startLab({ transport: { http2: true } })
    lab.discord.rest.intercept(SEND, () => ({ stall: true }), { times: 3 })
    const stalled = ['one', 'two', 'three'].map((content) => failureOf(say(lab, content)))
    await arrived(lab, 3)
    const [session] = lab.discord.rest.http2Sessions
    session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 5)
    for (const error of await Promise.all(stalled))
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
    expect(await say(lab, 'new')).toBe(200)
    expect(written(lab)).toEqual(['new'])
    expect(lab.proxy.connections).toHaveLength(2)
  })
})

describe('a tunnel that goes silent under HTTP/2', () => {
  test('fails each request by name when its own time is over', async () => {
    const lab = await startLab({ transport: { http2: true } })
    expect(await say(lab, 'before')).toBe(200)
    lab.proxy.freeze()
    const { dispatcher } = lab.transport
    const requests = Array.from({ length: 5 }, () =>
      rejectionOf(request(USERS_ME, { dispatcher, headers: lab.headers, headersTimeout: 200 })),
    )
    for (const error of await Promise.all(requests)) {
      expect(error).toBeInstanceOf(TransportError)
      expect(error).toMatchObject({ code: 'ERR_TARGET_TIMEOUT', phase: 'exchange', retryable: true })
    }
  })

  test('takes no further request once an answer is late, however many still wait on it', async () => {
    const lab = await startLab({ transport: { http2: true } })
    expect(await say(lab, 'before')).toBe(200)
    lab.proxy.freeze()
    const { dispatcher } = lab.transport
    const patient = request(USERS_ME, { dispatcher, headers: lab.headers })
    const late = await rejectionOf(
      request(USERS_ME, { dispatcher, headers: lab.headers, headersTimeout: 200 }),
    )
    expect(late).toMatchObject({ code: 'ERR_TARGET_TIMEOUT' })
    lab.proxy.thaw()
    expect(await say(lab, 'after')).toBe(200)
    expect(lab.proxy.connections).toHaveLength(2)
    const { statusCode, body } = await patient
    expect(statusCode).toBe(200)
    await body.dump()
  })

  test('is given up when a PING stays unanswered, and the next request has a new one', async () => {
    const lab = await startLab({ transport: { http2: true } })
    expect(await say(lab, 'before')).toBe(200)
    lab.proxy.freeze()
    vi.spyOn(performance, 'now').mockImplementation(afterLongSilence)
    const error = await failureOf(say(lab, 'into the silence'))
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', phase: 'exchange', sent: 'maybe' })
    lab.proxy.thaw()
    expect(await say(lab, 'after')).toBe(200)
    expect(lab.proxy.connections).toHaveLength(2)
    await lab.proxy.connections[0]?.closed
  })
})
