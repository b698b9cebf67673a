import { spawnSync } from 'node:child_process'
import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import { DENIED_NAMES, DENIED_RANGES } from '../../src/doctor/index.js'
import { missingPrograms, requireRealProxies } from '../real/installed.js'
import { runCommand } from './in-process.js'
import { writeTemporary } from '../support/temporary-file.js'

async function policy(format: string): Promise<string> {
  const { code, stdout } = await runCommand(['policy', '--format', format])
  expect(code).toBe(0)
  return stdout
}

describe('the list of destinations', () => {
  test('every sample lies in its range, and every range has a reason', () => {
    for (const { cidr, family, sample, reason } of DENIED_RANGES) {
      const range = new BlockList()
      const [address = '', prefix] = cidr.split('/')
      range.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
      expect([cidr, range.check(sample, family === 4 ? 'ipv4' : 'ipv6')]).toEqual([cidr, true])
      expect(reason).toMatch(/RFC \d+|of each|machines/)
    }
  })

  test('no range holds an address of the open internet', () => {
    const denied = new BlockList()
    for (const { cidr, family } of DENIED_RANGES) {
      const [address = '', prefix] = cidr.split('/')
      // Node matches IPv4 addresses against mapped ranges too; they are another family on the wire.
      if (cidr !== '::ffff:0:0/96') denied.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
    }
    for (const address of [
      '162.159.128.233',
      '1.1.1.1',
      '8.8.8.8',
      '172.15.255.255',
      '172.32.0.1',
      '100.128.0.1',
    ])
      expect([address, denied.check(address, 'ipv4')]).toEqual([address, false])
    for (const address of ['2606:4700::6810:84e5', '2001:4860:4860::8888', '2a00:1450::1'])
      expect([address, denied.check(address, 'ipv6')]).toEqual([address, false])
  })
})

describe('policy --format', () => {
  test.each(['squid', 'nftables', 'dante', 'json'])(
    '%s has every range and every name, with its reason',
    async (format) => {
      const shown = await policy(format)
      for (const { cidr, reason } of DENIED_RANGES) {
        expect(shown).toContain(cidr)
        expect(shown).toContain(format === 'json' ? JSON.stringify(reason) : reason)
      }
      for (const { name } of DENIED_NAMES) expect(shown).toContain(name)
    },
  )

  const CHECKS = [
    { format: 'nftables', program: 'nft', args: (file: string) => ['-c', '-f', file], root: true },
    { format: 'dante', program: 'danted', args: (file: string) => ['-V', '-f', file], root: false },
  ] as const

  for (const { format, program, args, root } of CHECKS) {
    const missing = missingPrograms([program])
    const cannot = missing.length > 0 || (root && process.getuid?.() !== 0)
    if (cannot)
      console.warn(
        `${program} is not there or not allowed: what "policy --format ${format}" prints is NOT tried`,
      )
    test.skipIf(cannot && !requireRealProxies)(`${program} loads the ${format} rules`, async () => {
      const rules = await policy(format)
      const around =
        format === 'dante'
          ? `logoutput: stderr\ninternal: 127.0.0.1 port = 1080\nexternal: lo\nsocksmethod: none\nclientmethod: none\n` +
            `client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n${rules}socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n`
          : rules
      const file = await writeTemporary('policy.conf', around)
      const { status, stderr } = spawnSync(program, args(file), { encoding: 'utf8' })
      expect(stderr).not.toMatch(/error/i)
      expect(status).toBe(0)
    })
  }
})
