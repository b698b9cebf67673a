import { describe, expect, test } from 'vitest'
import {
  FACES,
  failureOf,
  getByAgent,
  getByDispatcher,
  getByFetch,
  helloByWebSocket,
} from '../support/faces.js'
import { startLab } from '../support/lab.js'

describe('a 403', () => {
  test.each(['http', 'https'] as const)("of an %s proxy never reads as Discord's", async (scheme) => {
    const { transport, proxy, discord } = await startLab({
      scheme,
      fault: { kind: 'status', status: 403, body: '<title>Access denied</title>' },
    })
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({
        code: 'ERR_PROXY_DENIED',
        phase: 'tunnel',
        proxy: proxy.url,
        retryable: false,
      })
      expect(error.message).toMatch(/^The proxy http.* refused a tunnel to .+:443 \(403 Forbidden\)$/)
      expect(error.hint).toContain("the proxy's, not Discord's")
    }
    expect(discord.rest.requestCount).toBe(0)
    expect(discord.gateway.upgrades).toEqual([])
  })

  test("of Discord is Discord's: an answer for REST, a refused upgrade for the WebSocket", async () => {
    const { transport, discord } = await startLab()
    discord.rest.intercept('GET /users/@me', () => ({ status: 403, json: { message: 'Missing Access' } }))
    for (const get of [getByAgent, getByDispatcher, getByFetch]) {
      expect(await get(transport)).toEqual({ status: 403, body: '{"message":"Missing Access"}' })
    }
    discord.gateway.refuseUpgradeOnce({ status: 403 })
    const error = await failureOf(helloByWebSocket(transport))
    expect(error.code).toBe('ERR_TARGET_UNREACHABLE')
    expect(error.message).not.toMatch(/proxy/i)
  })
})

describe('what the proxy writes in its answer', () => {
  test('appears on one printable line, and not at any length', async () => {
    const reason = `Blocked\u0007 by\tpolicy ${'x'.repeat(5_000)}`
    const { transport } = await startLab({ fault: { kind: 'status', status: 403, reason } })
    const { message } = await failureOf(FACES.fetch(transport))
    expect(message).toContain('Blocked')
    expect(message).toMatch(/^[\x20-\x7e…]*$/)
    expect(message.length).toBeLessThan(400)
  })

  test('never repeats the credentials, in whatever spelling', async () => {
    const credentials = 'bob:s3cret-pass'
    const encoded = Buffer.from(credentials).toString('base64')
    const { createTransport, proxy } = await startLab({
      fault: {
        kind: 'status',
        status: 407,
        reason: `bob s3cret-pass S3CRET-PASS ${encoded} refused`,
        headers: { 'x-squid-error': `ERR_CACHE_ACCESS_DENIED s3cret-pass ${encoded}` },
      },
    })
    const transport = createTransport({ proxy: proxy.url.replace('://', `://${credentials}@`) })
    const { message, hint } = await failureOf(FACES.fetch(transport))
    expect(message.match(/<withheld/g)).toHaveLength(2)
    expect(message + hint).not.toMatch(/s3cret-pass/i)
    expect(message + hint).not.toContain(encoded)
  })
})

test('a 429 of a proxy, which has too many tunnels just now, can be tried again', async () => {
  const { transport } = await startLab({ fault: { kind: 'status', status: 429 } })
  const error = await failureOf(FACES.fetch(transport))
  expect(error).toMatchObject({ code: 'ERR_PROXY_DENIED', retryable: true })
})

test.each([
  ['http', 502],
  ['http', 504],
] as const)(
  'an %s proxy that answers %d is reachable itself, and the hint says so',
  async (scheme, status) => {
    const { transport } = await startLab({ scheme, fault: { kind: 'status', status } })
    const error = await failureOf(FACES.fetch(transport))
    expect(error.code).toMatch(/^ERR_TARGET_/)
    expect(error.retryable).toBe(true)
    expect(error.hint).toContain('The proxy itself is reachable')
  },
)

test.each([1, 2, 3, 4, 5, 6, 7, 8])('SOCKS5 reply %d stands in the message with its number', async (code) => {
  const { transport } = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code } })
  const { message, retryable } = await failureOf(FACES.fetch(transport))
  expect(message).toContain(`SOCKS5 reply ${code}`)
  expect(retryable).toBe(code !== 2 && code < 7)
})

test.each([
  [91, 'ERR_PROXY_DENIED', true],
  [92, 'ERR_PROXY_AUTH', false],
  [93, 'ERR_PROXY_AUTH', false],
])('SOCKS4 reply %d is %s, and another try can succeed: %s', async (code, named, retryable) => {
  const { transport } = await startLab({ scheme: 'socks4a', fault: { kind: 'socks-reply', code } })
  expect(await failureOf(FACES.fetch(transport))).toMatchObject({ code: named, retryable })
})
