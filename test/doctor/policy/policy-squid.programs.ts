import { describe, expect, test } from 'vitest'
import { squidPolicy } from '../../../src/doctor/policy/squid.js'
import { egressPolicy } from '../../../src/doctor/policy/index.js'
import { validateProxy, type ProxyValidation } from '../../../src/index.js'
import { missingPrograms, requireRealProxies } from '../../real/installed.js'
import { startLab, type Lab } from '../../support/lab.js'
import { addExampleCom } from '../validate/example-com.js'
import { startSquid } from './squid.js'

const missing = missingPrograms(['squid'])
if (missing.length > 0) {
  console.warn('squid is not installed: what `policy --format squid` prints is NOT tried')
  test.skipIf(!requireRealProxies)('squid is installed', () => {
    expect(missing).toEqual([])
  })
}

async function validate(lab: Lab, rules: string, policy: boolean): Promise<ProxyValidation> {
  await addExampleCom(lab)
  const proxyUrl = await startSquid({ rules, parentPort: lab.proxy.port })
  return validateProxy({ proxyUrl, env: {}, tls: { ca: lab.discord.ca }, policy, timeoutMs: 8_000 })
}

describe.skipIf(missing.length > 0)('validate against a real squid', { timeout: 60_000 }, () => {
  test('a squid that allows everything fails: its loopback is reached', async () => {
    const { ok, checks } = await validate(await startLab(), '', false)
    expect(checks.map(({ kind, ok: passed }) => [kind, passed])).toEqual([
      ['allowed', true],
      ['allowed', true],
      ['canary', false],
    ])
    expect(checks[2]?.error).toContain('its token came back')
    expect(ok).toBe(false)
  })

  test('rules for CONNECT alone fail: a plain request reaches loopback', async () => {
    const rules = 'acl https port 443\nhttp_access deny CONNECT !https\n'
    const { checks } = await validate(await startLab(), rules, false)
    expect(checks[2]?.error).toContain('by a plain request')
  })

  test('with the printed rules it passes: Discord goes through, every range and name is refused', async () => {
    const { ok, checks } = await validate(await startLab(), squidPolicy(egressPolicy()), true)
    expect(checks.filter((check) => !check.ok)).toEqual([])
    expect(ok).toBe(true)
  })
})
