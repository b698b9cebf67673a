import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProxyAuthorization, parseOptions, replaceProxy } from '../../src/config/index.js'
import { configErrorOf, expectNoneShown } from './secrecy.js'

describe('parseOptions', () => {
  it.each([[undefined], [{}], [{ proxy: undefined, tls: undefined, dns: undefined }]])(
    'sets the documented defaults: %j',
    (input) => {
      const tls = {
        ca: undefined,
        caFile: undefined,
        cert: undefined,
        servername: undefined,
        rejectUnauthorized: true,
      }
      const options = parseOptions(input)
      expect({ ...options }).toEqual({
        proxy: undefined,
        proxySource: 'config',
        required: false,
        noProxy: 'env',
        dns: 'proxy',
        onDenied: 'next',
        proxyTls: tls,
        tls,
        connectTimeoutMs: 10_000,
        keepAliveMs: 60_000,
        maxTunnels: 100,
        keepWarm: true,
        delivery: {
          attempts: 4,
          budgetMs: 15_000,
          minDelayMs: 250,
          maxDelayMs: 4_000,
          answerTimeoutMs: 6_000,
        },
        maxFileBytes: Infinity,
        onEvent: undefined,
      })
      expect(options.env).toBe(process.env)
      expect(options.proxyAuthorization).toBeUndefined()
    },
  )

  it('keeps what is given', () => {
    const given = {
      required: true,
      noProxy: ['a.example'],
      dns: 'local',
      connectTimeoutMs: 600_000,
      keepAliveMs: 0,
      maxTunnels: 1,
      keepWarm: false,
      delivery: false,
      maxFileBytes: 1,
    }
    const options = parseOptions({ ...given, env: { A: 'b' }, proxyAuthorization: 'Bearer x' })
    expect(options).toMatchObject(given)
    expect(options.env).toEqual({ A: 'b' })
    expect(options.proxyAuthorization).toBe('Bearer x')
  })

  it('parses the proxy; blank is unset and false is never', () => {
    const http = { protocol: 'http', host: 'h', port: 1 }
    const socks = { protocol: 'socks5', port: 1080 }
    expect(parseOptions({ proxy: 'h:1' }).proxy).toMatchObject([{ proxy: http }])
    expect(parseOptions({ proxy: new URL('socks5://h') }).proxy).toMatchObject([{ proxy: socks }])
    expect(parseOptions({ proxy: ' \n' }).proxy).toBeUndefined()
    expect(parseOptions({ proxy: false }).proxy).toBe(false)
  })

  it.each([
    ['proxy', 1, 'must be a URL'],
    ['proxy', true, 'must be a URL'],
    ['proxy', null, 'must be a URL'],
    ['proxy', 'ftp://h', 'ftp:// is not supported'],
    ['required', 'yes', 'must be true or false'],
    ['env', 'PATH', 'must be an object of strings'],
    ['env', [], 'must be an object of strings'],
    ['noProxy', 'a.example', "must be 'env', an array of host names, or false"],
    ['noProxy', true, "must be 'env', an array of host names, or false"],
    ['noProxy', [1], "must be 'env', an array of host names, or false"],
    ['noProxy', new Array(1), "must be 'env', an array of host names, or false"],
    ['dns', 'remote', "must be 'proxy' or 'local'"],
    ['proxyTls', true, 'must be an object'],
    ['tls', 'ca.pem', 'must be an object'],
    ['proxyAuthorization', 5, 'must be a string or a function'],
    ['proxyAuthorization', '', 'must be a header value'],
    ['proxyAuthorization', 'Basic abc\r\nX: y', 'must be a header value'],
    ['proxyAuthorization', 'Basic abc\n', 'must be a header value'],
    ['proxyAuthorization', 'Basic \u0000', 'must be a header value'],
    ['proxyAuthorization', 'Basic \u007f', 'must be a header value'],
    ['proxyAuthorization', 'Bearer ключ', 'must be a header value'],
    ['connectTimeoutMs', 0, 'from 1 to 600000'],
    ['connectTimeoutMs', 600_001, 'from 1 to 600000'],
    ['connectTimeoutMs', 1.5, 'from 1 to 600000'],
    ['connectTimeoutMs', NaN, 'from 1 to 600000'],
    ['connectTimeoutMs', Infinity, 'from 1 to 600000'],
    ['connectTimeoutMs', '10', 'from 1 to 600000'],
    ['keepAliveMs', -1, 'from 0 to 3600000'],
    ['keepAliveMs', 3_600_001, 'from 0 to 3600000'],
    ['maxTunnels', 0, 'of 1 or more'],
    ['maxTunnels', 2.5, 'of 1 or more'],
    ['delivery', 'on', 'must be true, false or an object'],
    ['delivery', null, 'must be true, false or an object'],
    ['keepWarm', 'no', 'must be true or false'],
    ['onEvent', 'console', 'must be a function'],
  ])('%s: %j is refused', (field, value, expected) => {
    const error = configErrorOf(() => parseOptions({ [field]: value }))
    expect(error.message).toMatch(new RegExp(`^${field}: `))
    expect(error.message).toContain(expected)
    expect(error.message).not.toContain('; ')
  })

  it.each(['http://h', null, 7, [], () => undefined])('refuses %j in place of the options', (input) => {
    expect(configErrorOf(() => parseOptions(input)).message).toMatch(/^options: must be an object/)
  })

  it.each([
    ['proxyUrl', 'proxy'],
    ['PROXY', 'proxy'],
    ['noproxy', 'noProxy'],
    ['connectTimeout', 'connectTimeoutMs'],
    ['keepAlive', 'keepAliveMs'],
    ['maxTunnel', 'maxTunnels'],
    ['onevent', 'onEvent'],
    ['proxyTLs', 'proxyTls'],
    ['proxyAuthorisation', 'proxyAuthorization'],
  ])('an unknown option is named with the nearest known one: %s, %s', (name, nearest) => {
    const { message } = configErrorOf(() => parseOptions({ [name]: 'qzj' }))
    expect(message).toBe(`${name}: is not an option; did you mean ${nearest}?`)
  })

  it('an unknown option that resembles no other is named without a guess', () => {
    expect(configErrorOf(() => parseOptions({ qwertz: 1 })).message).toBe('qwertz: is not an option')
  })

  it('the removed option http2 says what to do', () => {
    const { message, hint } = configErrorOf(() => parseOptions({ http2: true }))
    expect(message).toBe('http2: is not an option')
    expect(hint).toBe(
      'Remove http2: the transport speaks HTTP/1.1, and opens as many tunnels as maxTunnels allows.',
    )
  })

  it('an unknown TLS option is named with its hop', () => {
    const { message } = configErrorOf(() => parseOptions({ proxyTls: { cafile: 'x' } }))
    expect(message).toBe('proxyTls.cafile: is not an option; did you mean proxyTls.caFile?')
  })

  it('an unknown name of any kind stays one printable line', () => {
    const { message } = configErrorOf(() => parseOptions({ [`\n\u001b[31m${'x'.repeat(500)}`]: 1 }))
    expect(message).toMatch(/^[ -~…]{1,80}$/)
  })

  it('every bad field is in the one error', () => {
    const { message, hint } = configErrorOf(() =>
      parseOptions({
        proxy: 'gopher://qzj',
        dns: 'x',
        maxTunnels: 0,
        env: { HTTPS_PROXY: 1, no_proxy: {} },
        tls: { ca: [], cert: 'qzj', key: 'qzj', servername: '1.2.3.4', caFile: '/nonexistent/qzj' },
        proxyTls: { rejectUnauthorized: 'no', bogus: 1 },
        bogus: 1,
      }),
    )
    const fields = ['proxy', 'dns', 'maxTunnels', 'env.HTTPS_PROXY', 'env.no_proxy', 'tls.ca', 'tls.cert']
    const more = [
      'tls.key',
      'tls.servername',
      'tls.caFile',
      'proxyTls.rejectUnauthorized',
      'proxyTls.bogus',
      'bogus',
    ]
    const named = message.split('; ').map((part) => part.slice(0, part.indexOf(':')))
    for (const field of [...fields, ...more]) expect(named).toContain(field)
    expect(hint).not.toBe('')
    expect(message).not.toContain('qzj')
  })

  it('required contradicts proxy: false, also beside another bad field', () => {
    const { message } = configErrorOf(() => parseOptions({ required: true, proxy: false, maxTunnels: 0 }))
    expect(message).toContain('required: contradicts proxy: false')
    expect(message).toContain('maxTunnels: ')
  })

  it('no value is repeated, whatever stands in whichever option', () => {
    const text = fc.string().map((noise) => `qzj${noise}`)
    const value = fc.oneof(
      text,
      fc.array(text),
      fc.record({ qzj: text }),
      text.map((part) => `http://${part}:${part}@h`),
      text.map((part) => Buffer.from(part)),
      fc.constant(1),
    )
    const tls = fc.record({
      ca: value,
      caFile: value,
      cert: value,
      key: value,
      servername: value,
      passphrase: text,
    })
    const other = fc.record({
      proxy: value,
      env: value,
      noProxy: value,
      dns: value,
      proxyAuthorization: value,
    })
    fc.assert(
      fc.property(other, tls, (options, hop) => {
        const error = configErrorOf(() =>
          parseOptions({ ...options, tls: { ...hop, qxx: 1 }, maxTunnels: hop }),
        )
        expectNoneShown(
          error,
          ['qzj'].filter((secret) => !error.message.includes(`tls.${secret}`)),
        )
        expect(error.message).not.toMatch(/Invalid input|Too (?:small|big)|undefined/)
      }),
      { numRuns: 150 },
    )
  })

  it('the result shows no secret, however it is inspected', () => {
    const options = parseOptions({
      proxy: 'https://qzjuser:qzjpass@h',
      proxyAuthorization: 'Basic qzjauth',
      env: { HTTPS_PROXY: 'http://u:qzjenv@h', DISCORD_TOKEN: 'qzjtoken' },
      tls: { passphrase: 'qzjphrase' },
    })
    expect(options.tls.passphrase).toBe('qzjphrase')
    expectNoneShown(options, ['qzj'])
    expect(Object.isFrozen(options)).toBe(true)
  })
})

describe('checkProxyAuthorization', () => {
  it('holds for what a function returns, too', () => {
    expect(checkProxyAuthorization('Basic abc=')).toBe('Basic abc=')
    for (const bad of [undefined, 5, '', ' ', 'a\nb', 'qzj\u0000']) {
      expectNoneShown(
        configErrorOf(() => checkProxyAuthorization(bad)),
        ['qzj'],
      )
    }
  })
})

describe('replaceProxy', () => {
  const options = parseOptions({
    proxy: 'http://a',
    env: { X: 'y' },
    proxyAuthorization: 'Basic x',
    maxTunnels: 3,
  })

  it('changes the proxy and keeps the rest, the invisible parts too', () => {
    const moved = replaceProxy(options, 'socks5://b')
    expect(moved.proxy).toMatchObject([{ proxy: { protocol: 'socks5', host: 'b' } }])
    expect(moved).toMatchObject({ maxTunnels: 3, env: { X: 'y' }, proxyAuthorization: 'Basic x' })
    expect(options.proxy).toMatchObject([{ proxy: { host: 'a' } }])
  })

  it('takes false', () => {
    expect(replaceProxy(options, false).proxy).toBe(false)
  })

  it('refuses blank, which would leave the choice to the environment, or make it direct', () => {
    for (const blank of ['', ' \n']) {
      expect(configErrorOf(() => replaceProxy(options, blank)).message).toBe('proxy: must not be blank')
    }
  })

  it('refuses what the option refuses', () => {
    expect(configErrorOf(() => replaceProxy(options, 'ftp://b')).message).toMatch(/^proxy: /)
    for (const value of [undefined, null, true, 0, {}, Symbol('b')]) {
      expect(configErrorOf(() => replaceProxy(options, value)).message).toBe(
        'proxy: must be a URL as a string or URL object, false, or a list of proxies',
      )
    }
    const strict = parseOptions({ required: true })
    expect(configErrorOf(() => replaceProxy(strict, false)).message).toMatch(/^required: /)
  })
})
