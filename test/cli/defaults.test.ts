import { expect, test } from 'vitest'
import { limitLookups } from '../../src/cli/lookup-limits.js'
import type { Diagnosis } from '../../src/index.js'
import { startLab } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'
import { runCommand } from './in-process.js'

test.each([
  ['doctor', 'milliseconds for the whole run (default: 14000)'],
  ['doctor', 'milliseconds between two rounds of --watch (default: 5000)'],
  ['doctor', 'where names are resolved (choices: "proxy", "local", default: "proxy")'],
  ['validate', 'milliseconds for each destination (default: 5000)'],
  ['policy', '(choices: "squid", "nftables", "dante", "json", default: "squid")'],
])('%s has the default of the docs: %s', async (command, words) => {
  const { stdout } = await runCommand([command, '--help'])
  expect(stdout.replace(/\s+/g, ' ')).toContain(words)
})

test('--dns local resolves the names of destinations on this host', async () => {
  const lab = await startLab()
  LocalDns.install()
  const { stdout } = await runCommand(['doctor', '--proxy-url', lab.proxy.url, '--dns', 'local', '--json'])
  const { hops } = JSON.parse(stdout) as Diagnosis
  expect(hops.map(({ id }) => id)).toContain('target-dns')
  expect(lab.proxy.connections).toEqual([])
})

test('RES_OPTIONS of the user stays, and dead name servers are given up without it', () => {
  const own = { RES_OPTIONS: 'timeout:9' }
  limitLookups(own)
  expect(own).toEqual({ RES_OPTIONS: 'timeout:9' })
  const none: NodeJS.ProcessEnv = {}
  limitLookups(none)
  expect(none).toEqual({ RES_OPTIONS: 'timeout:2 attempts:2' })
})
