import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { LabProxy } from '../../lab/proxy/index.js'
import type { TransportError, TransportEvent } from '../../../src/index.js'
import { FACES, failureOf, getByFetch, helloByWebSocket } from '../../support/faces.js'
import { startLab, USERS_ME, type Lab, type LabOptions } from '../../support/lab.js'

/** A lab whose transport has a list: the lab's own proxy first, then another one. */
async function startPair(
  options: LabOptions = {},
): Promise<Lab & { readonly first: LabProxy; readonly second: LabProxy }> {
  const lab = await startLab(options)
  const second = await lab.startProxy({ scheme: 'socks5' })
  const transport = lab.createTransport({ proxy: [lab.proxy.url, second.url], ...options.transport })
  return { ...lab, transport, first: lab.proxy, second }
}

function ofType<Type extends TransportEvent['type']>(
  events: readonly TransportEvent[],
  type: Type,
): readonly Extract<TransportEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<TransportEvent, { type: Type }> => event.type === type)
}

describe('a list of proxies', () => {
  test('is used in order of preference: while the first works, the second gets no connection', async () => {
    const { transport, first, second } = await startPair()
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(first.established).toHaveLength(3)
    expect(second.connections).toEqual([])
    expect(transport.proxy).toMatchObject({ url: first.url, source: 'config' })
    expect(transport.explain(USERS_ME)).toEqual({
      route: 'proxy',
      reason: 'the proxy option is set; proxy 1 of 2',
      proxy: transport.proxy,
    })
  })

  test('goes on to the next where the first is dead, on every face', async () => {
    const { transport, first, second, events } = await startPair()
    await first.close()
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(second.established).toHaveLength(3)
    expect(transport.proxy?.url).toBe(second.url)
    expect(transport.explain(USERS_ME)).toMatchObject({
      reason: `the proxy option is set; proxy 2 of 2, since ${first.url} is down (ERR_PROXY_UNREACHABLE in proxy-connect)`,
      proxy: { url: second.url },
    })
    expect(ofType(events, 'proxy-down')).toMatchObject([
      { proxy: first.url, code: 'ERR_PROXY_UNREACHABLE', phase: 'proxy-connect' },
    ])
    expect(ofType(events, 'proxy-change')).toMatchObject([{ from: first.url, proxy: second.url }])
    for (const opened of ofType(events, 'tunnel-open')) expect(opened.proxy).toBe(second.url)
    for (const request of ofType(events, 'request')) expect(request.proxy).toBe(second.url)
    expect(transport.stats()).toMatchObject({
      tunnels: { opened: 3, failed: 0 },
      proxies: [
        { proxy: first.url, state: 'down', tunnels: { opened: 0, failed: 1 } },
        { proxy: second.url, state: 'up', tunnels: { opened: 3, failed: 0 } },
      ],
      proxyEvents: { 'proxy-down': 1, 'proxy-up': 0, 'proxy-change': 1 },
    })
  })

  test.each([
    ['its TLS fails', { scheme: 'https', tls: 'untrusted' }],
    ['it speaks another protocol', { fault: { kind: 'request', verb: 'garbage' } }],
    ['it wants other credentials', { auth: { username: 'lab', password: 'secret' } }],
    ['it closes the connection', { fault: { kind: 'accept', verb: 'close' } }],
  ] as const)('goes on to the next where %s', async (_what, options) => {
    const { scheme = 'http', tls, ...faults } = { scheme: undefined, tls: undefined, ...options }
    const { second, first, createTransport } = await startPair({ scheme, ...faults })
    const transport = createTransport({
      proxy: [first.urlWithoutCredentials, second.url],
      ...(tls === undefined ? {} : { proxyTls: {} }),
    })
    await helloByWebSocket(transport)
    expect(second.established).toHaveLength(1)
    expect(transport.stats().proxies[0]).toMatchObject({ state: 'down' })
  })

  test('shares the time out: a silent first proxy costs the first connection its share, later ones nothing', async () => {
    const { transport, second, first } = await startPair({
      fault: { kind: 'accept', verb: 'silence' },
      transport: { connectTimeoutMs: 3_000 },
    })
    const beganAt = performance.now()
    await helloByWebSocket(transport)
    const firstMs = performance.now() - beganAt
    expect(firstMs).toBeGreaterThan(1_400)
    expect(firstMs).toBeLessThan(2_900)
    const seen = first.connections.length
    await getByFetch(transport)
    await helloByWebSocket(transport)
    expect(second.established).toHaveLength(3)
    // What it may get meanwhile is an attempt in the background.
    expect(first.connections.length - seen).toBeLessThanOrEqual(1)
  })

  test('fails with the code and the hint of the first, and the failures of all', async () => {
    const { transport, first, second } = await startPair({ auth: { username: 'lab', password: 'secret' } })
    const lab = { url: first.urlWithoutCredentials }
    await second.close()
    transport.setProxy([lab.url, second.url])
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({ code: 'ERR_PROXY_AUTH', phase: 'proxy-auth', proxy: lab.url, sent: 'no' })
      // The second may be back soon.
      expect(error.retryable).toBe(true)
      expect(error.failures.map(({ code, proxy, retryable }) => [code, proxy, retryable])).toEqual([
        ['ERR_PROXY_AUTH', lab.url, false],
        ['ERR_PROXY_UNREACHABLE', second.url, true],
      ])
      expect(error.message).toContain('none of the 2 proxies opened a tunnel')
      expect(error.hint).toBe(error.failures[0]?.hint)
      expect(error.toJSON()).toMatchObject({ failures: [{ code: 'ERR_PROXY_AUTH' }, { proxy: second.url }] })
    }
  })

  test('does not move where the failure is behind the proxy', async () => {
    const { transport, second, first } = await startPair({ fault: { kind: 'status', status: 502 } })
    const error = await failureOf(helloByWebSocket(transport))
    expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE', proxy: first.url, failures: [] })
    expect(second.connections).toEqual([])
    expect(transport.stats().proxies[0]?.state).toBe('up')
  })

  test('is never direct: a PAC script in it that says DIRECT is a failure of its own', async () => {
    const { createTransport, second, events } = await startPair()
    const direct = `pac+data:,${encodeURIComponent("function FindProxyForURL() { return 'DIRECT' }")}`
    const transport = createTransport({ proxy: [direct, second.url], connectTimeoutMs: 20_000 })
    await helloByWebSocket(transport)
    expect(second.established).toHaveLength(1)
    await second.close()
    const error = await failureOf(helloByWebSocket(transport))
    expect(error).toMatchObject({ code: 'ERR_PROXY_CONFIG', phase: 'pac' })
    expect(error.failures).toHaveLength(2)
    expect(ofType(events, 'direct')).toEqual([])
  })
})

describe('a destination that the first proxy refuses', () => {
  const refusing = { fault: { kind: 'status', status: 403 } } as const

  test('takes the next, and the first keeps the others', async () => {
    const { transport, second, first } = await startPair(refusing)
    await getByFetch(transport)
    first.fault = undefined
    await helloByWebSocket(transport)
    expect(second.established.map(({ target }) => target?.host)).toEqual(['discord.com'])
    expect(first.established.map(({ target }) => target?.host)).toEqual(['gateway.discord.gg'])
    expect(transport.proxy?.url).toBe(first.url)
    expect(transport.explain(USERS_ME)).toMatchObject({
      reason: `the proxy option is set; proxy 2 of 2, since ${first.url} refused discord.com:443`,
      proxy: { url: second.url },
    })
  })

  test('fails at once with onDenied: fail', async () => {
    const { transport, second } = await startPair({ ...refusing, transport: { onDenied: 'fail' } })
    const error = await failureOf(getByFetch(transport))
    expect(error).toMatchObject({ code: 'ERR_PROXY_DENIED', retryable: false })
    expect(second.connections).toEqual([])
  })

  test('fails as refused where every proxy refuses it', async () => {
    const { transport, second, first } = await startPair(refusing)
    second.fault = { kind: 'socks-reply', code: 2 }
    const error = await failureOf(getByFetch(transport))
    expect(error).toMatchObject({ code: 'ERR_PROXY_DENIED', proxy: first.url, retryable: false })
    expect(error.failures.map(({ code }) => code)).toEqual(['ERR_PROXY_DENIED', 'ERR_PROXY_DENIED'])
    expect(transport.stats().proxies.map(({ state }) => state)).toEqual(['up', 'up'])
  })
})

describe('a proxy that was down', () => {
  test('is noticed when it comes back, and gets what is new; what runs stays where it is', async () => {
    const { transport, first, second, startProxy, events, nextEvent } = await startPair()
    await first.close()
    const running = transport.createWebSocket('wss://gateway.discord.gg/?v=10&encoding=json')
    await new Promise((resolve) => running.once('message', resolve))
    expect(second.established).toHaveLength(1)
    const up = nextEvent('proxy-up')
    const returned = await startProxy({ scheme: 'http', port: first.port })
    await up
    expect(transport.proxy?.url).toBe(first.url)
    await getByFetch(transport)
    expect(returned.established.map(({ target }) => target?.host)).toContain('discord.com')
    expect(second.established).toHaveLength(1)
    expect(running.readyState).toBe(running.OPEN)
    expect(ofType(events, 'proxy-up')).toMatchObject([{ proxy: first.url }])
    expect(ofType(events, 'proxy-change').map(({ proxy }) => proxy)).toEqual([second.url, first.url])
  })

  test('and answers but does not open tunnels gets no connection that somebody waits for', async () => {
    const { transport, first, second, startProxy } = await startPair()
    await first.close()
    await helloByWebSocket(transport)
    const returned = await startProxy({
      scheme: 'http',
      port: first.port,
      fault: { kind: 'request', verb: 'silence' },
    })
    await returned.waitForConnection(({ target }) => target !== null)
    const beganAt = performance.now()
    for (let round = 0; round < 3; round++) await helloByWebSocket(transport)
    expect(performance.now() - beganAt).toBeLessThan(2_000)
    expect(second.established).toHaveLength(4)
    expect(transport.stats().proxies[0]?.state).toBe('down')
  })
})

describe('each proxy of a list', () => {
  test('has its own authority, its own credentials, or those that the function gives for it', async () => {
    const lab = await startLab({ scheme: 'https', auth: { authorization: 'Bearer one' } })
    const plain = await lab.startProxy({ scheme: 'http', auth: { authorization: 'Bearer two' } })
    const told: unknown[] = []
    const transport = lab.createTransport({
      proxyTls: {},
      proxy: [
        {
          url: lab.proxy.urlWithoutCredentials,
          proxyTls: { ca: lab.ca.certificate },
          proxyAuthorization: 'Bearer one',
        },
        plain.urlWithoutCredentials,
      ],
      proxyAuthorization: (proxy) => {
        told.push(proxy)
        return 'Bearer two'
      },
    })
    await helloByWebSocket(transport)
    expect(lab.proxy.established).toHaveLength(1)
    await lab.proxy.close()
    await helloByWebSocket(transport)
    expect(plain.established).toHaveLength(1)
    expect(told).toEqual([
      {
        url: plain.urlWithoutCredentials,
        protocol: 'http',
        host: '127.0.0.1',
        port: plain.port,
        source: 'config',
      },
    ])
    expect(inspect(transport, { depth: Infinity, showHidden: true })).not.toMatch(/Bearer one/)
  })

  test('stands in the error without its credentials', async () => {
    const lab = await startLab()
    await lab.proxy.close()
    const port = String(lab.proxy.port)
    const transport = lab.createTransport({
      proxy: [`http://one:qzj-secret@127.0.0.1:${port}`, `socks5://two:qzj-secret@127.0.0.1:${port}`],
    })
    const error: TransportError = await failureOf(getByFetch(transport))
    const shown =
      inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error) + String(error.stack)
    expect(shown).not.toContain('qzj-secret')
    expect(error.failures).toHaveLength(2)
  })
})

test('setProxy() takes a list, and a proxy-change says so', async () => {
  const { transport, second, proxy, events } = await startPair()
  transport.setProxy([second.url, { url: proxy.url }])
  await helloByWebSocket(transport)
  expect(second.established).toHaveLength(1)
  expect(transport.proxy?.url).toBe(second.url)
  expect(ofType(events, 'proxy-change')).toMatchObject([{ from: proxy.url, proxy: second.url }])
})

test("a PAC script's list rests and returns by the same rules", async () => {
  const lab = await startLab()
  const second = await lab.startProxy({ scheme: 'socks5' })
  const script = `function FindProxyForURL() { return 'PROXY 127.0.0.1:${lab.proxy.port}; SOCKS 127.0.0.1:${second.port}; DIRECT' }`
  const transport = lab.createTransport({
    proxy: `pac+data:,${encodeURIComponent(script)}`,
    connectTimeoutMs: 20_000,
  })
  await lab.proxy.close()
  await helloByWebSocket(transport)
  expect(second.established).toHaveLength(1)
  const up = lab.nextEvent('proxy-up')
  const returned = await lab.startProxy({ port: lab.proxy.port })
  expect(await up).toMatchObject({ proxy: lab.proxy.url })
  await getByFetch(transport)
  expect(returned.established.map(({ target }) => target?.host)).toContain('discord.com')
  await returned.close()
  await second.close()
  const error = await failureOf(helloByWebSocket(transport))
  expect(error.failures.map(({ code }) => code)).toEqual(['ERR_PROXY_UNREACHABLE', 'ERR_PROXY_UNREACHABLE'])
})
