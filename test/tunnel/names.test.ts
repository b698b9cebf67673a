import { describe, expect, test } from 'vitest'
import { FACES, failureOf, getByDispatcher } from '../support/faces.js'
import { startLab } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'

/** The scheme in the URL, and the lab's proxy that speaks it. */
const NAMED = [
  ['http', 'http'],
  ['https', 'https'],
  ['socks4a', 'socks4a'],
  ['socks5', 'socks5'],
  ['socks5h', 'socks5'],
  ['socks', 'socks5'],
] as const

describe('a name of Discord', () => {
  test.each(NAMED)('goes to an %s:// proxy as a name, and this process asks no DNS', async (scheme, real) => {
    const dns = LocalDns.install()
    const { proxy, createTransport } = await startLab({ scheme: real })
    const transport = createTransport({ proxy: proxy.url.replace(`${real}:`, `${scheme}:`) })
    for (const reach of Object.values(FACES)) await reach(transport)
    const targets = new Set(proxy.connections.map(({ target }) => `${target?.addressType} ${target?.host}`))
    expect(targets).toEqual(new Set(['name discord.com', 'name gateway.discord.gg']))
    expect(dns.queries).toEqual([])
    expect(dns.leaked).toBe(0)
  })

  test.each(NAMED)("is resolved here for %s:// with dns: 'local'", async (scheme, real) => {
    const dns = LocalDns.install()
    const { proxy, names, createTransport } = await startLab({ scheme: real })
    for (const { host, ipv4 } of names.addresses) dns.answer(host, ipv4)
    const transport = createTransport({
      proxy: proxy.url.replace(`${real}:`, `${scheme}:`),
      dns: 'local',
    })
    for (const reach of Object.values(FACES)) await reach(transport)
    const targets = new Set(proxy.connections.map(({ target }) => target?.host))
    expect(targets).toEqual(new Set([names.addressOf('discord.com'), names.addressOf('gateway.discord.gg')]))
    expect(new Set(dns.queries)).toEqual(new Set(['discord.com', 'gateway.discord.gg']))
  })

  test.each([
    ['socks4', {}],
    ['socks4a', { dns: 'local' }],
  ] as const)('is resolved here for %s with %o, to an IPv4 address', async (scheme, transportOptions) => {
    const dns = LocalDns.install()
    const { proxy, names, transport } = await startLab({ scheme, transport: transportOptions })
    for (const { host, ipv4, ipv6 } of names.addresses) dns.answer(host, [ipv6, ipv4])
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(new Set(proxy.connections.map(({ target }) => target?.host))).toEqual(
      new Set([names.addressOf('discord.com'), names.addressOf('gateway.discord.gg')]),
    )
  })

  test('may be an IPv6 address where the scheme can carry one', async () => {
    const dns = LocalDns.install()
    const { proxy, names, transport } = await startLab({ scheme: 'socks5', transport: { dns: 'local' } })
    for (const { host, ipv6 } of names.addresses) dns.answer(host, ipv6)
    await FACES.dispatcher(transport)
    expect(proxy.connections[0]?.target).toMatchObject({
      host: names.addressOf('discord.com', 6),
      addressType: 'ipv6',
    })
  })

  test('that is not known here fails as the destination of this host, with a way out', async () => {
    LocalDns.install()
    const { transport } = await startLab({ scheme: 'socks4' })
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE', phase: 'target-dns' })
      expect(error.hint).toContain('socks5h')
    }
  })

  test.each(NAMED)(
    'that an %s:// proxy does not know is ERR_TARGET_UNREACHABLE, said by the proxy',
    async (scheme, real) => {
      const { proxy, createTransport } = await startLab({ scheme: real })
      const transport = createTransport({ proxy: proxy.url.replace(`${real}:`, `${scheme}:`) })
      const error = await failureOf(getByDispatcher(transport, 'https://unknown.invalid/'))
      const expected = real === 'socks4a' ? 'ERR_PROXY_DENIED' : 'ERR_TARGET_UNREACHABLE'
      expect(error).toMatchObject({ code: expected, phase: 'tunnel', target: 'unknown.invalid:443' })
      expect(error.message).toMatch(/^The proxy /)
    },
  )
})

describe('an address as destination', () => {
  test.each(NAMED)('goes to an %s:// proxy as it is', async (scheme, real) => {
    const dns = LocalDns.install()
    const { proxy, createTransport } = await startLab({ scheme: real })
    const transport = createTransport({ proxy: proxy.url.replace(`${real}:`, `${scheme}:`) })
    await failureOf(getByDispatcher(transport, 'https://192.0.2.7:8443/'))
    expect(proxy.connections[0]?.target).toMatchObject({ host: '192.0.2.7', port: 8443 })
    if (real !== 'socks4a') {
      await failureOf(getByDispatcher(transport, 'https://[2001:db8::7]/'))
      expect(proxy.connections[1]?.target).toMatchObject({ host: '2001:db8::7', addressType: 'ipv6' })
    }
    expect(dns.queries).toEqual([])
  })
})
