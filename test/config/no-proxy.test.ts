import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseNoProxy } from '../../src/config/index.js'

describe('a NO_PROXY entry', () => {
  it.each([
    ['*', 'anything.example', 443, true],
    ['a.example,*', 'b.example', 443, true],
    ['*:8443', 'b.example', 443, false],
    ['example.com', 'example.com', 443, true],
    ['example.com', 'a.b.example.com', 443, true],
    ['example.com', 'notexample.com', 443, false],
    ['example.com', 'example.com.evil', 443, false],
    ['.example.com', 'example.com', 443, true],
    ['.example.com', 'a.example.com', 443, true],
    ['.example.com', 'notexample.com', 443, false],
    ['*.example.com', 'example.com', 443, true],
    ['*.example.com', 'a.example.com', 443, true],
    ['EXAMPLE.com', 'A.Example.COM', 443, true],
    ['example.com.', 'a.example.com', 443, true],
    ['example.com', 'a.example.com.', 443, true],
    ['bücher.example', 'www.xn--bcher-kva.example', 443, true],
    ['xn--bcher-kva.example', 'BÜCHER.example', 443, true],
    ['example.com:443', 'a.example.com', 443, true],
    ['example.com:443', 'a.example.com', 8443, false],
    ['localhost', 'localhost', 80, true],
    ['other', 'localhost', 80, false],
    ['10.0.0.1', '10.0.0.1', 443, true],
    ['10.0.0.1', '10.0.0.10', 443, false],
    ['10.0.0.1', 'a.10.0.0.1', 443, false],
    ['10.0.0.1:443', '10.0.0.1', 443, true],
    ['10.0.0.1:443', '10.0.0.1', 80, false],
    ['0.0.1', '10.0.0.1', 443, false],
    ['::1', '::1', 443, true],
    ['::1', '[::1]', 443, true],
    ['[::1]', '::1', 443, true],
    ['[::1]:443', '::1', 443, true],
    ['[::1]:443', '::1', 80, false],
    ['2001:DB8::1', '2001:db8:0:0::1', 443, true],
    ['::1', '::2', 443, false],
    ['10.0.0.0/8', '10.255.1.2', 443, true],
    ['10.1.2.3/8', '10.255.1.2', 443, true],
    ['10.0.0.0/8', '11.0.0.1', 443, false],
    ['10.0.0.0/8', 'ten.example', 443, false],
    ['0.0.0.0/0', '8.8.8.8', 443, true],
    ['0.0.0.0/0', '::1', 443, false],
    ['fd00::/8', 'fd12::1', 443, true],
    ['[fd00::]/8', 'fd12::1', 443, true],
    ['fd00::/8', 'fe80::1', 443, false],
    ['fe80::/10', 'fe80::1%eth0', 443, true],
    ['10.0.0.1', '::ffff:10.0.0.1', 443, true],
    ['::ffff:10.0.0.1', '10.0.0.1', 443, true],
    ['10.0.0.0/8', '[::ffff:a00:1]', 443, true],
    ['::ffff:10.0.0.0/104', '10.9.9.9', 443, true],
    ['::ffff:10.0.0.0/104', '11.9.9.9', 443, false],
    ['10.0.0.9-10.0.1.2', '10.0.0.9', 443, true],
    ['10.0.0.9-10.0.1.2', '10.0.1.2', 443, true],
    ['10.0.0.9-10.0.1.2', '::ffff:10.0.0.255', 443, true],
    ['10.0.0.9-10.0.1.2', '10.0.0.8', 443, false],
    ['10.0.0.9-10.0.1.2', '10.0.1.3', 443, false],
    ['fd00::1-fd00::ff', 'fd00::a', 443, true],
    ['fd00::1-fd00::ff', 'fd00::100', 443, false],
    ['1-2.example', '1-2.example', 443, true],
  ])('%s and %s:%i: %s', (list, host, port, matches) => {
    expect(parseNoProxy(list).match(host, port) !== null).toBe(matches)
  })

  it.each([',', ' ', '\t', '\n', ', ', ' ,, '])('may be separated by %j', (separator) => {
    const rules = parseNoProxy(['a.example', 'b.example'].join(separator))
    expect(rules.entries).toEqual(['a.example', 'b.example'])
    expect(rules.match('b.example', 443)).toBe('b.example')
  })

  it('is reported as it was written, the first that matches', () => {
    const rules = parseNoProxy('x.example, .Discord.com, discord.com')
    expect(rules.match('gateway.discord.com', 443)).toBe('.Discord.com')
  })

  it('may come as a list, whose elements may be lists themselves', () => {
    expect(parseNoProxy(['a.example', 'b.example c.example']).entries).toHaveLength(3)
  })

  it.each([
    '.', '*.', 'a*.example', '*.*', 'http://example.com', 'example.com:', 'example.com:0', 'example.com:65536',
    'example.com:https', '10/8', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8:443', 'fd00::/129', 'example.com/8',
    '10.0.0.2-10.0.0.1', '10.0.0.1-fd00::1', '10.0.0.1-10.0.0.9:443', '::ffff:10.0.0.0/95', 'fe80::1%eth0', '[10.0.0.1]', '[::1', 'a..example', '${HOSTS}',
  ])('%s is ignored, and said to be', (entry) => {
    const rules = parseNoProxy(`${entry},good.example`)
    expect(rules.ignored).toEqual([entry])
    expect(rules.entries).toEqual(['good.example'])
  }) // prettier-ignore

  it('that is ignored shows no credentials', () => {
    expect(parseNoProxy('http://user:pass@proxy:80').ignored).toEqual(['***@proxy:80'])
  })
})

describe('whatever the list', () => {
  it('reading and matching never throw, and match names an entry or nothing', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.ipV4(),
      fc.ipV6(),
      fc.domain(),
      fc.tuple(fc.ipV6(), fc.nat(200)).map((parts) => parts.join('/')),
      fc.constantFrom('*', '[', ']:1', ':', '/', '%', '::ffff:'),
    )
    fc.assert(
      fc.property(fc.array(piece), piece, fc.integer(), (pieces, host, port) => {
        for (const list of [pieces, pieces.join(','), pieces.join('')]) {
          const rules = parseNoProxy(list)
          const entry = rules.match(host, port)
          if (entry !== null) expect(rules.entries).toContain(entry)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('an address or name on it matches itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), (host) => {
        expect(parseNoProxy(host).match(host, 443)).toBe(host)
      }),
    )
  })
})
