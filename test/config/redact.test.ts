import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createRedactor,
  parseProxyUrl,
  redactUrl,
  sanitizeForeignText,
  secretsOfAuthorization,
  secretsOfProxy,
} from '../../src/config/index.js'

describe('redactUrl', () => {
  it.each([
    ['http://user:pass@proxy:8080', 'http://***:***@proxy:8080'],
    ['http://token@proxy:8080', 'http://***@proxy:8080'],
    ['socks5://us%3Aer:p%40ss@[::1]', 'socks5://***:***@[::1]:1080'],
    ['socks4://user:pass@proxy', 'socks4://***:***@proxy:1080'],
    ['http://user:%zz@proxy:8080', 'http://***:***@proxy:8080'],
    ['http://user:p@ss@proxy:8080', 'http://***:***@proxy:8080'],
    ['user:pass@proxy:8080', 'http://***:***@proxy:8080'],
    ['http://proxy:8080/', 'http://proxy:8080'],
    ['http://proxy:8080/webhook-token', 'http://proxy:8080/***'],
    ['pac+http://u:p@wpad/x.pac?token=1', 'pac+http://***:***@wpad:80/x.pac?***'],
    ['pac+data:,secret', 'pac+data:***'],
    ['http://user:12/34@proxy:8080', '<unparsable proxy URL>'],
    ['vmess://secret', '<unparsable proxy URL>'],
    ['', '<unparsable proxy URL>'],
    ['http://', '<unparsable proxy URL>'],
  ])('%s is %s', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted)
  })

  it('takes a URL object', () => {
    expect(redactUrl(new URL('https://user:pass@proxy'))).toBe('https://***:***@proxy:443')
  })

  it('never throws, and what it shows is one printable line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl({ withFragments: true })), (text) => {
        expect(redactUrl(text)).toMatch(/^[ -~]+$/)
      }),
    )
  })
})

describe('createRedactor', () => {
  const password = 'p@ss "wörd"/<1>'
  const pair = `alice:${password}`
  const redact = createRedactor([password, pair])

  it.each([
    ['plain', password],
    ['in another case', password.toUpperCase()],
    ['percent-encoded', encodeURIComponent(password)],
    ['percent-encoded in lower case', encodeURIComponent(password).toLowerCase()],
    ['as a form field', new URLSearchParams([['', password]]).toString().slice(1)],
    ['as URL writes userinfo', new URL(`http://u:${encodeURIComponent(password)}@h`).password],
    ['in JSON', JSON.stringify(password).slice(1, -1)],
    ['in ASCII JSON', 'p@ss \\"w\\u00f6rd\\"/<1>'],
    ['in JSON as PHP writes it', JSON.stringify(password).slice(1, -1).replaceAll('/', '\\/')],
    ['in HTML', 'p@ss &quot;wörd&quot;/&lt;1&gt;'],
    ['as UTF-8 read as Latin-1', Buffer.from(password).toString('latin1')],
    ['in the base64 of user:pass', Buffer.from(pair).toString('base64')],
    ['in its base64url', Buffer.from(pair).toString('base64url')],
    ['split by an invisible character', `${password.slice(0, 4)}\u200b${password.slice(4)}`],
  ])('masks a secret %s', (_title, form) => {
    expect(redact(`denied (${form}) again`)).toBe('denied (***) again')
  })

  it('masks the longer of two secrets that begin alike', () => {
    expect(createRedactor(['alice', 'alice:secret'])('alice:secret')).toBe('***')
  })

  it('withholds a text that holds a secret too short to be masked in place', () => {
    const short = createRedactor(['ab'])
    expect(short('drab weather')).toBe('<withheld: it repeats a credential>')
    expect(short('fine weather')).toBe('fine weather')
  })

  it('cuts after masking, so that no half of a secret is left at the end', () => {
    expect(createRedactor(['hunter2000'], 20)('a text of 16 ch hunter2000')).toBe('a text of 16 ch ***')
  })

  it('ignores an empty secret', () => {
    expect(createRedactor([''])('untouched')).toBe('untouched')
  })

  it('leaves no form of any secret in any text', () => {
    const secret = fc.string({ unit: 'grapheme', maxLength: 8 }).map((noise) => `qzj${noise}jzq`)
    fc.assert(
      fc.property(
        secret,
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (value, before, after) => {
          for (const form of [
            value,
            encodeURIComponent(value),
            JSON.stringify(value),
            Buffer.from(value).toString('latin1'),
          ]) {
            expect(createRedactor([value])(before + form + after)).not.toContain('qzj')
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('sanitizeForeignText', () => {
  it('makes one printable line', () => {
    expect(sanitizeForeignText('  403\r\n\tForbidden\u0000\u001b[31m by\u202e\u2028policy ')).toBe(
      '403 Forbidden[31m by policy',
    )
  })

  it('cuts at the limit and never through a surrogate pair', () => {
    expect(sanitizeForeignText('abcdef', 4)).toBe('abc…')
    expect(sanitizeForeignText('ab😀def', 4)).toBe('ab…')
    expect(sanitizeForeignText('abcd', 4)).toBe('abcd')
  })

  it('holds its limits for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 20 }), (text, limit) => {
        const line = sanitizeForeignText(text, limit)
        expect(line.length).toBeLessThanOrEqual(limit)
        expect(line).not.toMatch(/\p{C}|[\r\n\u2028\u2029]/u)
      }),
    )
  })
})

describe('what is secret', () => {
  it('of a proxy: user name, password and the pair that Basic makes of them', () => {
    expect(secretsOfProxy(parseProxyUrl('http://us%3Aer:p%40ss@h', 'proxy'))).toEqual([
      'us:er',
      'p@ss',
      'us:er:p@ss',
    ])
    expect(secretsOfProxy(parseProxyUrl('http://token@h', 'proxy'))).toEqual(['token', 'token:'])
    expect(secretsOfProxy(parseProxyUrl('http://h', 'proxy'))).toEqual([])
    expect(secretsOfProxy(null)).toEqual([])
  })

  it('of a PAC script: its credentials and its query', () => {
    const secrets = secretsOfProxy(parseProxyUrl('pac+https://u:p%40@h/x?key=1', 'proxy'))
    expect(secrets).toEqual(['u', 'p@', 'u:p@', 'key=1'])
    expect(secretsOfProxy(parseProxyUrl('pac+file:///x.pac', 'proxy'))).toEqual([])
  })

  it('of a Proxy-Authorization: the value, its token, and what Basic encodes', () => {
    const basic = Buffer.from('user:pass').toString('base64')
    expect(secretsOfAuthorization(`Basic ${basic}`)).toEqual([
      `Basic ${basic}`,
      basic,
      'user:pass',
      'user',
      'pass',
    ])
    expect(secretsOfAuthorization('Bearer abc')).toEqual(['Bearer abc', 'abc'])
    expect(secretsOfAuthorization('opaque')).toEqual(['opaque'])
  })
})
