import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  describeProxy,
  parseOptions,
  resolvePlainProxy,
  resolveProxy,
  type RoutePolicy,
  type TransportOptions,
} from '../../src/config/index.js'
import { configErrorOf, expectNoneShown } from './secrecy.js'

const SOURCES = [
  'config',
  'OPENCLAW_PROXY_URL',
  'HTTPS_PROXY',
  'https_proxy',
  'ALL_PROXY',
  'all_proxy',
] as const
type Source = (typeof SOURCES)[number]

/** Options in which these sources hold these texts, and nothing else is set. */
function optionsWith(values: Partial<Record<Source, string>>, more: TransportOptions = {}): TransportOptions {
  const { config, ...variables } = values
  return { ...more, ...(config === undefined ? {} : { proxy: config }), env: { ...variables, ...more.env } }
}

const resolve = (options: TransportOptions): RoutePolicy => resolveProxy(parseOptions(options))

describe('which URL wins', () => {
  it.each(SOURCES.map((source, rank) => [source, SOURCES.slice(rank)] as const))(
    '%s wins over all behind it',
    (source, sources) => {
      const policy = resolve(
        optionsWith(Object.fromEntries(sources.map((name) => [name, `${name}.example:1`]))),
      )
      expect(policy.source).toBe(source)
      expect(policy.proxy?.host).toBe(`${source.toLowerCase()}.example`)
    },
  )

  it.each(SOURCES.map((source, rank) => [source, SOURCES.slice(0, rank)] as const))(
    '%s counts if all before it are blank',
    (source, blank) => {
      const values = Object.fromEntries(blank.map((name, index) => [name, ' \t\n'.slice(index % 4)]))
      expect(resolve(optionsWith({ ...values, [source]: ' proxy.example ' })).source).toBe(source)
    },
  )

  it.each(SOURCES.map((source, rank) => [source, SOURCES.slice(rank + 1)] as const))(
    '%s that is invalid fails, whatever stands behind it',
    (source, lower) => {
      const values = Object.fromEntries(lower.map((name) => [name, 'http://good.example']))
      const error = configErrorOf(() =>
        resolve(optionsWith({ ...values, [source]: 'http://qzjuser:qzjpass@h:0' })),
      )
      expect(error.message).toMatch(new RegExp(`^${source === 'config' ? 'proxy' : source}: the port`))
      expectNoneShown(error, ['qzj'])
    },
  )

  it('an invalid source behind the one that decides does not matter', () => {
    expect(resolve(optionsWith({ HTTPS_PROXY: 'a', ALL_PROXY: 'ftp://b' })).source).toBe('HTTPS_PROXY')
  })

  it('HTTP_PROXY is never used', () => {
    expect(resolve({ env: { HTTP_PROXY: 'http://h', http_proxy: 'http://h' } }).proxy).toBeNull()
  })

  it('HTTP_PROXY counts for http:// in a whole process, but not in a CGI program, where a request can set it', () => {
    const plain = (env: Record<string, string>) => resolvePlainProxy(parseOptions({ env }))?.source
    expect(plain({ HTTP_PROXY: 'http://h' })).toBe('HTTP_PROXY')
    expect(plain({ HTTP_PROXY: 'http://h', REQUEST_METHOD: 'GET' })).toBeUndefined()
    expect(plain({ http_proxy: 'http://h', REQUEST_METHOD: 'GET' })).toBe('http_proxy')
  })

  it('without any, the route is direct', () => {
    const policy = resolve({ env: {} })
    expect(policy).toMatchObject({ proxy: null, source: null })
    expect(policy.decide('discord.com', 443)).toEqual({ route: 'direct', reason: 'no proxy is configured' })
    expect(describeProxy(policy)).toBeNull()
  })

  it('proxy: false is direct, whatever the environment says', () => {
    const policy = resolve({ proxy: false, env: { OPENCLAW_PROXY_URL: 'http://h', HTTPS_PROXY: 'ftp://h' } })
    expect(policy.decide('discord.com', 443)).toEqual({ route: 'direct', reason: 'proxy: false' })
  })

  it('required without any fails and lists where it looked', () => {
    const { message } = configErrorOf(() =>
      resolve({ required: true, env: { HTTP_PROXY: 'h', HTTPS_PROXY: ' ' } }),
    )
    expect(message).toMatch(/^required: no proxy was found/)
    for (const source of SOURCES.slice(1)) expect(message).toContain(source)
  })

  it('required with one is content', () => {
    expect(resolve(optionsWith({ all_proxy: 'socks5://h' }, { required: true })).source).toBe('all_proxy')
  })
})

describe('the bypass list', () => {
  const proxied = (source: Source) => ({
    route: 'proxy',
    reason: source === 'config' ? 'the proxy option is set' : `${source} is set`,
  })

  it.each(SOURCES)('NO_PROXY with a proxy from %s', (source) => {
    const policy = resolve(optionsWith({ [source]: 'http://h' }, { env: { NO_PROXY: '.discord.com' } }))
    const punches = source !== 'config' && source !== 'OPENCLAW_PROXY_URL'
    expect(policy.decide('discord.com', 443)).toEqual(
      punches ? { route: 'direct', reason: 'NO_PROXY entry .discord.com matches' } : proxied(source),
    )
    expect(policy.decide('discord.gg', 443)).toEqual(proxied(source))
  })

  it.each(SOURCES)('a list in the options with a proxy from %s', (source) => {
    const more = { noProxy: ['discord.com'], env: { NO_PROXY: 'discord.gg' } }
    const policy = resolve(optionsWith({ [source]: 'http://h' }, more))
    expect(policy.decide('cdn.discord.com', 443)).toEqual(
      source === 'OPENCLAW_PROXY_URL'
        ? proxied(source)
        : { route: 'direct', reason: 'noProxy entry discord.com matches' },
    )
    expect(policy.decide('discord.gg', 443)).toEqual(proxied(source))
  })

  it.each(SOURCES)('noProxy: false with a proxy from %s', (source) => {
    const more = { noProxy: false, env: { NO_PROXY: '*' } } as const
    const policy = resolve(optionsWith({ [source]: 'http://h' }, more))
    expect(policy.decide('discord.com', 443)).toEqual(proxied(source))
  })

  it('NO_PROXY comes before no_proxy, and blank is unset', () => {
    const both = resolve(
      optionsWith({ HTTPS_PROXY: 'h' }, { env: { NO_PROXY: 'a.example', no_proxy: 'b.example' } }),
    )
    expect(both.decide('a.example', 443).route).toBe('direct')
    expect(both.decide('b.example', 443).route).toBe('proxy')
    const lower = resolve(
      optionsWith({ HTTPS_PROXY: 'h' }, { env: { NO_PROXY: ' ', no_proxy: 'b.example' } }),
    )
    expect(lower.decide('b.example', 443).reason).toBe('no_proxy entry b.example matches')
  })

  it('holds on a transport that requires a proxy, unless noProxy is false', () => {
    const options = optionsWith({ HTTPS_PROXY: 'h' }, { required: true, env: { NO_PROXY: '*' } })
    expect(resolve(options).decide('discord.com', 443).route).toBe('direct')
    expect(resolve({ ...options, noProxy: false }).decide('discord.com', 443).route).toBe('proxy')
  })

  it('tells which entries it could not read', () => {
    const { ignoredNoProxy } = resolve(
      optionsWith({ ALL_PROXY: 'h' }, { env: { NO_PROXY: 'a.example,10/8' } }),
    )
    expect(ignoredNoProxy).toEqual(['10/8'])
  })
})

describe('describeProxy', () => {
  it('is frozen and shows no credential', () => {
    const policy = resolve(optionsWith({ HTTPS_PROXY: 'socks5://qzjuser:qzjpass@[::1]' }))
    const description = describeProxy(policy)
    expect(description).toEqual({
      url: 'socks5://***:***@[::1]:1080',
      protocol: 'socks5',
      host: '::1',
      port: 1080,
      source: 'HTTPS_PROXY',
    })
    expect(Object.isFrozen(description)).toBe(true)
    expectNoneShown([policy, description], ['qzj'])
  })
})

describe('whatever the sources hold', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
    fc.constantFrom('', ' ', 'http://h', 'socks5://u:p@h:1'),
    fc
      .tuple(fc.constantFrom('http', 'socks5', 'pac+http', 'x'), fc.string())
      .map(([s, rest]) => `${s}://u:qzj@${rest}`),
  )
  const values = fc.record(Object.fromEntries(SOURCES.map((source) => [source, text])))

  it('the first that is not blank decides: its proxy or its error', () => {
    fc.assert(
      fc.property(values, text, (held, noProxy) => {
        const first = SOURCES.find((source) => (held[source] ?? '').trim() !== '')
        const options = optionsWith(held, { env: { NO_PROXY: noProxy } })
        let policy: RoutePolicy
        try {
          policy = resolve(options)
        } catch {
          const error = configErrorOf(() => resolve(options))
          expect(error.message).toMatch(new RegExp(`^${first === 'config' ? 'proxy' : String(first)}: `))
          expectNoneShown(error, ['qzj'])
          return
        }
        expect(policy.source).toBe(first ?? null)
        policy.decide(noProxy, 443)
        expectNoneShown([policy, describeProxy(policy)], ['qzj'])
      }),
      { numRuns: 300 },
    )
  })
})
