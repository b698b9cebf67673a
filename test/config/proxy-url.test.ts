import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProxyUrl, type ProxyEndpoint } from '../../src/config/index.js'
import { configErrorOf, expectNoneShown } from './secrecy.js'

function tunnel(raw: string | URL): ProxyEndpoint {
  const proxy = parseProxyUrl(raw, 'proxy')
  if (proxy.kind !== 'tunnel') throw new Error('expected a tunnel')
  return proxy
}

describe('quotes around the URL', () => {
  it.each([
    '\u201chttp://proxy.example:8080\u201d',
    '\u2018http://proxy.example:8080\u2019',
    '\u201ehttp://proxy.example:8080\u201c',
    '\u00absocks5://proxy.example:1080\u00bb',
    '"http://proxy.example:8080"',
    "'http://proxy.example:8080'",
    'http://proxy.example:8080\u201d',
  ])('%s: they are named, and not the port', (raw) => {
    const error = configErrorOf(() => parseProxyUrl(raw, 'HTTPS_PROXY'))
    expect(error.message).toBe('HTTPS_PROXY: must not stand in quotes')
    expect(error.hint).toContain('Remove the quotes')
  })
})

describe('scheme, host and port', () => {
  it.each([
    ['http://proxy.example:8080', 'http', 'proxy.example', 8080],
    ['http://proxy.example', 'http', 'proxy.example', 80],
    ['http://proxy.example/', 'http', 'proxy.example', 80],
    ['https://proxy.example', 'https', 'proxy.example', 443],
    ['https://proxy.example:443', 'https', 'proxy.example', 443],
    ['socks://proxy.example', 'socks', 'proxy.example', 1080],
    ['socks4://proxy.example', 'socks4', 'proxy.example', 1080],
    ['socks4a://proxy.example', 'socks4a', 'proxy.example', 1080],
    ['socks5://proxy.example', 'socks5', 'proxy.example', 1080],
    ['socks5h://proxy.example:7898', 'socks5h', 'proxy.example', 7898],
    ['SOCKS5://PROXY.example', 'socks5', 'proxy.example', 1080],
    ['127.0.0.1:7890', 'http', '127.0.0.1', 7890],
    ['localhost:7890', 'http', 'localhost', 7890],
    ['proxy', 'http', 'proxy', 80],
    ['socks:1080', 'http', 'socks', 1080],
    ['my_proxy-1:3128', 'http', 'my_proxy-1', 3128],
    ['user:pass@proxy:3128', 'http', 'proxy', 3128],
    ['[::1]:7890', 'http', '::1', 7890],
    ['socks5://[::1]', 'socks5', '::1', 1080],
    ['socks5://[2001:DB8:0::1]:1', 'socks5', '2001:db8::1', 1],
    ['http://127.1:8080', 'http', '127.0.0.1', 8080],
    ['socks5://127.1:8080', 'socks5', '127.0.0.1', 8080],
    ['http://bücher.example', 'http', 'xn--bcher-kva.example', 80],
    ['socks5://Bücher.example', 'socks5', 'xn--bcher-kva.example', 1080],
    ['socks5://b%C3%BCcher.example', 'socks5', 'xn--bcher-kva.example', 1080],
    ['http://proxy.example.:80', 'http', 'proxy.example.', 80],
    [' \t http://proxy.example:8080\r\n', 'http', 'proxy.example', 8080],
  ])('%s', (raw, protocol, host, port) => {
    expect(tunnel(raw)).toMatchObject({ kind: 'tunnel', protocol, host, port })
  })

  it.each([
    'http://a.example:80',
    'https://a.example:443',
    'socks5://B%C3%BCcher.example:1080',
    'http://[::1]:3128',
  ])('a URL object reads like its text: %s', (text) => {
    expect(tunnel(new URL(text))).toEqual(tunnel(text))
  })

  it('the redacted URL shows scheme, host and port, with brackets and *** where they belong', () => {
    expect(tunnel('https://a.example').redactedUrl).toBe('https://a.example:443')
    expect(tunnel('socks5://u:p@[::1]').redactedUrl).toBe('socks5://***:***@[::1]:1080')
    expect(tunnel('http://token@a.example').redactedUrl).toBe('http://***@a.example:80')
    expect(tunnel('http://:secret@a.example').redactedUrl).toBe('http://:***@a.example:80')
    expect(tunnel('http://:@a.example').redactedUrl).toBe('http://a.example:80')
  })
})

describe('a proxy URL is refused', () => {
  const long = 'x'.repeat(256)
  it.each([
    ['when empty', '', 'must not be empty'],
    ['when blank', ' \n', 'must not be empty'],
    ['for port 0', 'http://proxy:0', 'port'],
    ['for port 65536', 'http://proxy:65536', 'port'],
    ['for a port that is a word', 'http://proxy:web', 'port'],
    ['for a port with a sign', 'socks5://proxy:-1', 'port'],
    ['for a port left blank', 'http://proxy:', 'port'],
    ['without a host', 'http://:8080', 'host is missing'],
    ['without a host behind credentials', 'socks5://u:p@', 'host is missing'],
    ['with three slashes', 'http:///proxy:80', 'host is missing'],
    ['for a port alone', '7890', 'a number alone is a port'],
    ['for a host with a space', 'http://pro xy', 'valid host name'],
    ['for a host with an unset variable', 'http://${HOST}:8080', 'valid host name'],
    ['for an empty label', 'http://a..b', 'valid host name'],
    ['for an impossible IPv4 address', 'http://1.2.3.256', 'valid host name'],
    ['for a host that IDNA empties', 'socks5://\u00ad:1', 'valid host name'],
    ['for an IPv6 address without brackets', '::1', 'in brackets'],
    ['for an IPv6 address without brackets but a port', 'http://fe80::1:8080', 'in brackets'],
    ['for an open bracket', 'http://[::1', 'in brackets'],
    ['for no address in brackets', 'http://[proxy]:80', 'valid IPv6'],
    ['for a zone id', 'http://[fe80::1%25eth0]:80', 'zone id'],
    ['for a bare zone id', 'socks5://[fe80::1%eth0]:80', 'zone id'],
    ['for a path', 'http://proxy:80/path', 'path, query or fragment is not part'],
    ['for a query', 'socks5://proxy:80?x=1', 'path, query or fragment is not part'],
    ['for a fragment', 'http://proxy:80/#x', 'path, query or fragment is not part'],
    ['for quotes', '"http://proxy:80"', 'quotes'],
    ['for a line break inside', 'http://pro\nxy', 'control characters'],
    ['for host:port:user:password', '1.2.3.4:8080:user:hunter2', 'scheme://user:password@host:port'],
    ['for that with @ in the password', '1.2.3.4:8080:user:hun@ter2', 'scheme://user:password@host:port'],
    [
      'for that with @ and : in it',
      'http://a.example:80:user:hun@ter2:80',
      'scheme://user:password@host:port',
    ],
    ['for one slash', 'socks5:/proxy', 'after the scheme socks5 must come ://'],
    ['for no slash', 'http:proxy', 'after the scheme http must come ://'],
    ['for no colon', 'https//proxy:80', 'after the scheme https must come ://'],
    ['for slashes alone', '//proxy:80', 'scheme is missing'],
    ['for ws', 'ws://proxy', 'ws:// is not supported (use one of http, https, socks,'],
    ['for ftp', 'ftp://proxy', 'ftp:// is not supported'],
    ['for pac+ftp', 'pac+ftp://proxy/x.pac', 'pac+ftp:// is not supported'],
    ['for an unknown scheme', 'gopher://proxy', 'the scheme is not supported (use one of http,'],
    ['for a malformed escape', 'http://u:100%@proxy', 'malformed percent escape'],
    ['for an escape that is not UTF-8', 'http://u:%ff@proxy', 'malformed percent escape'],
    ['for / in a password', 'http://u:12/34@proxy', 'percent-encoded'],
    ['for # in a password', 'http://u:12#34@proxy', 'percent-encoded'],
    ['for ? in a password', 'socks5://u:12?34@proxy', 'percent-encoded'],
    ['for \\ in a user name', 'http://DOMAIN\\u:p@proxy', 'percent-encoded'],
    ['for a backslash', 'http://proxy\\x', 'backslash'],
    ['for an encoded line break', 'http://u:a%0D%0Ab@proxy', 'control characters'],
    ['for an encoded NUL', 'socks4://a%00b@proxy', 'control characters'],
    ['for an encoded C1 control', 'http://a%C2%85b@proxy', 'control characters'],
    ['for a SOCKS4 password', 'socks4://u:p@proxy', 'SOCKS4 has a user id and no password'],
    ['for a SOCKS4a password', 'socks4a://u:p@proxy', 'SOCKS4 has a user id and no password'],
    ['for a long SOCKS5 user name', `socks5://${long}:p@proxy`, 'at most 255 bytes'],
    ['for a long SOCKS5 password', `socks5h://u:${long}@proxy`, 'at most 255 bytes'],
    ['for one long in bytes only', `socks://u:${'%C3%BC'.repeat(128)}@proxy`, 'at most 255 bytes'],
    ['for a SOCKS5 password alone', 'socks5://:p@proxy', 'with a user name only'],
  ])('%s', (_title, raw, expected) => {
    const error = configErrorOf(() => parseProxyUrl(raw, 'HTTPS_PROXY'))
    expect(error.message).toMatch(/^HTTPS_PROXY: /)
    expect(error.message).toContain(expected)
  })

  it.each(['vmess', 'vless', 'ss', 'ssr', 'trojan', 'hysteria2', 'tuic'])(
    'for a %s subscription link, and points at the local port of the client',
    (scheme) => {
      const error = configErrorOf(() => parseProxyUrl(`${scheme}://qzjsecret@host:443`, 'proxy'))
      expect(error.message).toContain(`${scheme}:// is not supported`)
      expect(error.hint).toContain('local HTTP or SOCKS port of your client')
      expectNoneShown(error, ['qzjsecret'])
    },
  )

  it('with a hint that says how to write % and @ : /', () => {
    const { hint } = configErrorOf(() => parseProxyUrl('http://u:100%@proxy', 'proxy'))
    for (const escape of ['%25', '%40', '%3A', '%2F']) expect(hint).toContain(escape)
  })
})

describe('credentials', () => {
  it.each([
    ['http://user:pass@proxy', { username: 'user', password: 'pass' }],
    ['http://token@proxy', { username: 'token', password: '' }],
    ['http://user:@proxy', { username: 'user', password: '' }],
    ['http://:pass@proxy', { username: '', password: 'pass' }],
    ['http://proxy', undefined],
    ['http://@proxy', undefined],
    ['http://:@proxy', undefined],
    ['socks5://us%3Aer:p%40ss@proxy', { username: 'us:er', password: 'p@ss' }],
    ['http://user:p@ss@proxy', { username: 'user', password: 'p@ss' }],
    ['http://user:a:b@proxy', { username: 'user', password: 'a:b' }],
    ['http://user:%2541@proxy', { username: 'user', password: '%41' }],
    ['http://DOMAIN%5Cuser:pass@proxy', { username: 'DOMAIN\\user', password: 'pass' }],
    ['http://ü:пароль@proxy', { username: 'ü', password: 'пароль' }],
    ['socks4://user@proxy', { username: 'user', password: '' }],
    [
      `socks5://${'u'.repeat(255)}:${'p'.repeat(255)}@proxy`,
      { username: 'u'.repeat(255), password: 'p'.repeat(255) },
    ],
  ])('%s', (raw, credentials) => {
    expect(tunnel(raw).credentials).toEqual(credentials)
  })

  it('are decoded exactly once, whatever they hold, as text and as URL object', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((s) => !/\p{Cc}/u.test(s))
    fc.assert(
      fc.property(
        text,
        text,
        fc.constantFrom('http', 'https', 'socks5', 'socks'),
        (username, password, scheme) => {
          const url = `${scheme}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@proxy.example`
          expect(tunnel(url).credentials).toEqual({ username, password })
          expect(tunnel(new URL(url)).credentials).toEqual({ username, password })
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are not seen in the proxy, however it is inspected', () => {
    const proxy = tunnel('https://qzjuser:qzjpass@proxy.example')
    expectNoneShown(proxy, ['qzj'])
    expect(Object.isFrozen(proxy)).toBe(true)
  })
})

/** Parts of a password that are easy to find again, joined by what breaks URLs. */
const secret = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        '',
        '@',
        ':',
        '/',
        '?',
        '#',
        '%',
        '\\',
        '[',
        ']',
        '%zz',
        '%40',
        ' ',
        '://',
        '12/',
        '8080:',
        '.',
        '\u0000',
      ),
      fc.integer({ min: 0, max: 0xffff }).map((n) => `qzj${n.toString(16)}`),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.flat().join(''))

describe('whatever the text', () => {
  const scheme = fc.constantFrom(
    '', 'http://', 'https://', 'HTTP://', 'socks://', 'socks4://', 'socks5://', 'pac+http://', 'pac+https://',
    'http:', 'http:/', 'https//', '//', 'ws://', 'ss://', 'gopher://', '"http://',
  ) // prettier-ignore
  const host = fc.constantFrom(
    'proxy.example:8080',
    'proxy',
    '[::1]:1',
    '::1',
    '',
    'h:0',
    'h:x',
    'a b',
    'h/x.pac',
    'h/?q',
  )

  it('no part of the credentials is shown, by an error or by a proxy', () => {
    fc.assert(
      fc.property(
        scheme,
        fc.oneof(secret, fc.constantFrom('', 'u', 'a.b')),
        secret,
        host,
        (start, user, pass, end) => {
          let shown: unknown
          try {
            shown = parseProxyUrl(`${start}${user}:${pass}@${end}`, 'proxy')
          } catch {
            shown = configErrorOf(() => parseProxyUrl(`${start}${user}:${pass}@${end}`, 'proxy'))
          }
          expectNoneShown(shown, ['qzj'])
        },
      ),
      { numRuns: 600 },
    )
  })

  it('the result is a proxy or a configuration error', () => {
    const prefixed = fc.tuple(scheme, fc.string({ unit: 'binary' })).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), prefixed), (text) => {
        try {
          expect(parseProxyUrl(text, 'proxy').redactedUrl).toMatch(/^[!-~]+$/)
        } catch {
          configErrorOf(() => parseProxyUrl(text, 'proxy'))
        }
      }),
      { numRuns: 500 },
    )
  })
})
