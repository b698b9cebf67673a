import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { addressOf, contains, parseCidr, valueOf } from '../../../src/doctor/policy/cidr.js'
import {
  deniedSample,
  DENIED_NAMES,
  DENIED_RANGES,
  egressPolicy,
  POLICY_FORMATS,
} from '../../../src/doctor/policy/index.js'

describe('a network', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['FD00:0:0::/16', 'fd00::/16'],
    ['fd00::5', 'fd00::5/128'],
    ['::ffff:10.0.0.1/128', '::ffff:a00:1/128'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
  ])('%s is %s', (text, cidr) => {
    expect(parseCidr(text)?.cidr).toBe(cidr)
  })

  test.each([
    '',
    '10.0.0/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'fd00::/129',
    'fe80::1%eth0',
    '10.0.0.0/',
    'x',
  ])('%j is no network', (text) => {
    expect(parseCidr(text)).toBeUndefined()
  })

  test('numbers and addresses are the same', () => {
    for (const { sample, family, cidr } of DENIED_RANGES) {
      const range = parseCidr(cidr)
      const single = parseCidr(sample)
      expect(range?.cidr).toBe(cidr)
      expect(range !== undefined && single !== undefined && contains(range, single)).toBe(true)
      expect(valueOf(addressOf(valueOf(sample, family), family), family)).toBe(valueOf(sample, family))
    }
  })
})

test('every special-purpose range is denied from its first address to its last', () => {
  const denied = new BlockList()
  for (const { cidr, family } of DENIED_RANGES) {
    const [address = '', prefix] = cidr.split('/')
    // An IPv4 address is in it too, as Node compares them.
    if (cidr !== '::ffff:0:0/96') denied.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
  }
  const isOpen = (address: string): boolean => !denied.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
  expect(SPECIAL_PURPOSE.flat().filter(isOpen)).toEqual([])
})

/** https://www.iana.org/assignments/iana-ipv4-special-registry, and the same of IPv6 */
const SPECIAL_PURPOSE = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['169.254.0.0', '169.254.255.255'],
  // The default bridge of Docker is 172.17.0.0/16.
  ['172.16.0.0', '172.17.0.1', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '255.255.255.255'],
  ['::', '::1', '::ffff:ffff'],
  ['64:ff9b::', '64:ff9b::ffff:ffff'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff'],
  ['2001:10::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
]

describe('the options of a policy', () => {
  test('without options it is the table', () => {
    expect(egressPolicy()).toEqual({ exceptions: [], ranges: DENIED_RANGES, names: DENIED_NAMES })
  })

  test('additions follow the table, each once', () => {
    const { ranges, names } = egressPolicy({
      also: ['203.0.114.9/24', '203.0.114.0/24', '10.0.0.0/8', 'Intranet.Example.', 'localhost', 'fd12::1'],
    })
    expect(ranges.slice(DENIED_RANGES.length).map(({ cidr, sample }) => [cidr, sample])).toEqual([
      ['203.0.114.0/24', '203.0.114.1'],
      ['fd12::1/128', 'fd12::1'],
    ])
    expect(names.slice(DENIED_NAMES.length).map(({ name }) => name)).toEqual(['intranet.example'])
  })

  test('an exception may have a port', () => {
    const { exceptions } = egressPolicy({
      except: ['10.0.0.5', '10.0.0.0/24:8443', 'fd00::5/128', '[fd00::/64]:443'],
    })
    expect(exceptions).toEqual([
      { cidr: '10.0.0.5/32', family: 4, port: null, sample: '10.0.0.5' },
      { cidr: '10.0.0.0/24', family: 4, port: 8443, sample: '10.0.0.1' },
      { cidr: 'fd00::5/128', family: 6, port: null, sample: 'fd00::5' },
      { cidr: 'fd00::/64', family: 6, port: 443, sample: 'fd00::1' },
    ])
  })

  test.each([
    ['also', ''],
    ['also', 'two words'],
    ['also', 'a\nhttp_access allow all'],
    ['also', '10.0.0.0/33'],
    ['also', '1.2.3'],
    ['also', 'http://intranet.example/'],
    ['except', 'intranet.example'],
    ['except', '10.0.0.5:0'],
    ['except', '10.0.0.5:65536'],
    ['except', '10.0.0.5:https'],
    ['except', ''],
  ] as const)('%s does not take %j, and the error does not repeat it', (option, text) => {
    let message = ''
    try {
      egressPolicy({ [option]: [text] })
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain(`${option}: must be a list of`)
    if (text !== '') expect(message).not.toContain(text)
  })

  test('a list from JavaScript that is no list is an error', () => {
    const options = JSON.parse('{"also":"10.0.0.0/8"}') as { also: readonly string[] }
    expect(() => egressPolicy(options)).toThrow('also: must be a list')
  })
})

describe('the address that must be refused', () => {
  const range = DENIED_RANGES.find(({ cidr }) => cidr === '10.0.0.0/8')!
  const sampleWith = (...except: readonly string[]): string | undefined =>
    deniedSample(range, egressPolicy({ except }).exceptions, 443)

  test.each([
    [[], '10.0.0.1'],
    [['10.0.0.1:8443'], '10.0.0.1'],
    [['10.0.0.1:443'], '10.0.0.2'],
    [['10.0.0.0/24'], '10.0.1.0'],
    [['10.0.0.0/9', '10.128.0.0/16'], '10.129.0.0'],
    [['10.0.0.0/8'], undefined],
    [['0.0.0.0/0'], undefined],
  ])('with the exceptions %j it is %s', (except, expected) => {
    expect(sampleWith(...except)).toBe(expected)
  })
})

test('an exception stands before the denials in every format', () => {
  const policy = egressPolicy({ except: ['10.9.8.7/32:8443', '[fd12::7/128]:8443'] })
  for (const [format, print] of Object.entries(POLICY_FORMATS)) {
    const shown = print(policy)
    const firstDenial = shown.search(/http_access deny|socks block|@denied4|"ranges"/)
    for (const address of ['10.9.8.7/32', 'fd12::7/128']) {
      expect([format, shown.includes(address)]).toEqual([format, true])
      expect([format, shown.indexOf(address) < firstDenial]).toEqual([format, true])
    }
    expect([format, shown.match(/8443/g)?.length]).toEqual([format, 2])
  }
})

test('nftables: answers of the proxy to its own clients come before every rejection', () => {
  const [, chain = ''] = POLICY_FORMATS.nftables(egressPolicy({ except: ['10.9.8.7'] })).split('chain output')
  const rules = chain.split('\n').map((line) => line.trim())
  const answers = rules.indexOf('ct state established,related accept')
  const rejections = rules.flatMap((rule, index) => (rule.includes('reject') ? index : []))
  expect(answers).toBeGreaterThan(-1)
  expect(rejections).toHaveLength(2)
  expect(answers).toBeLessThan(Math.min(...rejections))
})

test('Dante: each rule is for clients of both families', () => {
  const froms = POLICY_FORMATS.dante(egressPolicy({ except: ['10.0.0.5'] })).match(/from: \S+/g)
  expect(new Set(froms)).toEqual(new Set(['from: 0/0']))
})
