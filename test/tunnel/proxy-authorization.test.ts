import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { FACES, failureOf } from '../support/faces.js'
import { startLab } from '../support/lab.js'

const SECRET = 'bearer-secret-1234'
const HEADER = `Bearer ${SECRET}`

describe.each(['http', 'https'] as const)('proxyAuthorization on an %s proxy', (scheme) => {
  test('is sent as a header value, in place of the credentials of the URL', async () => {
    const { proxy, createTransport } = await startLab({ scheme, auth: { authorization: HEADER } })
    const transport = createTransport({
      proxy: proxy.urlWithoutCredentials.replace('://', '://user:pass@'),
      proxyAuthorization: HEADER,
    })
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(new Set(proxy.connections.map(({ authorization }) => authorization))).toEqual(new Set([HEADER]))
  })

  test('as a function is asked for each tunnel, and may be async', async () => {
    const { proxy, createTransport } = await startLab({ scheme })
    let count = 0
    const functions = [() => `Bearer ${++count}`, () => Promise.resolve(`Bearer ${++count}`)]
    for (const proxyAuthorization of functions) {
      const transport = createTransport({ proxyAuthorization })
      await FACES.websocket(transport)
      await FACES.websocket(transport)
    }
    expect(proxy.connections.map(({ authorization }) => authorization)).toEqual([
      'Bearer 1',
      'Bearer 2',
      'Bearer 3',
      'Bearer 4',
    ])
  })

  test('as a function gives each of many tunnels that open at once its own value', async () => {
    const { proxy, createTransport } = await startLab({ scheme })
    let count = 0
    const transport = createTransport({
      proxyAuthorization: () => `Bearer ${String(++count).padStart(2, '0')}`,
    })
    await Promise.all(Array.from({ length: 20 }, () => FACES.websocket(transport)))
    const values = proxy.connections.map(({ authorization }) => authorization).sort()
    expect(values).toEqual(Array.from({ length: 20 }, (_, i) => `Bearer ${String(i + 1).padStart(2, '0')}`))
  })

  test('as a function that fails is ERR_PROXY_CONFIG, without what its error says', async () => {
    const { proxy, createTransport } = await startLab({ scheme })
    const functions = [
      () => {
        throw new Error(`cannot refresh ${SECRET}`)
      },
      () => Promise.reject(new Error(`cannot refresh ${SECRET}`)),
    ]
    for (const proxyAuthorization of functions) {
      const transport = createTransport({ proxyAuthorization })
      for (const reach of Object.values(FACES)) {
        const error = await failureOf(reach(transport))
        expect(error).toMatchObject({ code: 'ERR_PROXY_CONFIG', phase: 'proxy-auth' })
        expect(error.proxy).toBe(proxy.url)
        expect(error.message).toContain('proxyAuthorization')
        expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(SECRET)
      }
    }
    expect(proxy.connections.every(({ authorization }) => authorization === null)).toBe(true)
  })

  test('as a function that returns no header value is ERR_PROXY_CONFIG, and nothing is sent', async () => {
    const { proxy, createTransport } = await startLab({ scheme })
    for (const value of [`Bearer ${SECRET}\r\nX-Injected: 1`, '', ' ', undefined, null, 5, { SECRET }]) {
      const returnsIt: unknown = () => value
      const transport = createTransport({ proxyAuthorization: returnsIt as () => string })
      const error = await failureOf(FACES.fetch(transport))
      expect(error).toMatchObject({ code: 'ERR_PROXY_CONFIG', phase: 'proxy-auth' })
      expect(inspect(error, { depth: Infinity })).not.toContain(SECRET)
    }
    expect(proxy.connections.every(({ heard }) => heard.length === 0)).toBe(true)
  })

  test('as a function that never settles is bounded, and the proxy is not blamed', async () => {
    const { createTransport } = await startLab({ scheme })
    const transport = createTransport({
      proxyAuthorization: () => new Promise<string>(() => undefined),
      connectTimeoutMs: 200,
    })
    const error = await failureOf(FACES.fetch(transport))
    expect(error).toMatchObject({ code: 'ERR_PROXY_TIMEOUT', phase: 'proxy-auth' })
    expect(error.message).toMatch(/^The function proxyAuthorization /)
    expect(error.hint).toContain('function')
  })

  test('that the proxy refuses is ERR_PROXY_AUTH without the value, even where the proxy repeats it', async () => {
    const { createTransport } = await startLab({
      scheme,
      fault: { kind: 'status', status: 407, reason: `No ${SECRET} here` },
    })
    const transport = createTransport({ proxyAuthorization: HEADER })
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({ code: 'ERR_PROXY_AUTH', phase: 'proxy-auth' })
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(SECRET)
    }
  })
})

test('a 407 that offers another scheme than Basic points at proxyAuthorization', async () => {
  const { transport } = await startLab({
    fault: { kind: 'status', status: 407, headers: { 'Proxy-Authenticate': 'Negotiate' } },
  })
  const { hint } = await failureOf(FACES.fetch(transport))
  expect(hint).toContain('Negotiate')
  expect(hint).toContain('proxyAuthorization')
})

test.each([
  ['Negotiate, NTLM', 'The proxy offers Negotiate, NTLM: give'],
  ['Digest realm="a, Basic b", nonce="x",qop=auth , NTLM', 'The proxy offers Digest, NTLM: give'],
  ['Negotiate, Basic realm="squid"', 'Put them into the proxy URL'],
  ['Digest realm="a", nonce="x", basic', 'Put them into the proxy URL'],
])('a 407 may offer its schemes in one header: %s', async (challenges, hint) => {
  const { transport } = await startLab({
    fault: { kind: 'status', status: 407, headers: { 'Proxy-Authenticate': challenges } },
  })
  expect((await failureOf(FACES.fetch(transport))).hint).toContain(hint)
})
