import { expect, test } from 'vitest'
import { z } from 'zod'
import { DENIED_NAMES, DENIED_RANGES } from '../../src/doctor/index.js'
import { addExampleCom } from '../doctor/validate/example-com.js'
import { startLab } from '../support/lab.js'
import { builtCommand } from './command.js'
import { runCommand } from './in-process.js'
import { writeTemporary } from '../support/temporary-file.js'

const command = builtCommand()

const AUTH = { username: 'us@er-name', password: 'p@ss/w%rd' }

/** docs/egress-policy.md, strict. */
const checkSchema = z.strictObject({
  kind: z.enum(['allowed', 'denied', 'canary']),
  url: z.string(),
  ok: z.boolean(),
  status: z.number().nullable(),
  error: z.string().nullable(),
})
const policyCheckSchema = checkSchema.extend({
  kind: z.literal('policy'),
  verdict: z.enum(['denied', 'reached', 'inconclusive']),
  destination: z.string(),
  category: z.string(),
  reason: z.string(),
})
const validationSchema = z.strictObject({
  schemaVersion: z.literal(1),
  ok: z.boolean(),
  config: z.strictObject({
    enabled: z.boolean(),
    proxyUrl: z.string().nullable(),
    source: z.string().nullable(),
    errors: z.array(z.string()),
  }),
  checks: z.array(z.union([checkSchema, policyCheckSchema])),
})

test('a good proxy passes with 0, and no credential is shown', async () => {
  const lab = await startLab({ scheme: 'https', auth: AUTH })
  await addExampleCom(lab)
  const ca = await writeTemporary('ca.pem', lab.ca.certificate)
  const flags = ['--proxy-ca-file', ca, '--tls-ca-file', ca]
  const text = await runCommand(['validate', ...flags], { env: { HTTPS_PROXY: lab.proxy.url } })
  expect([text.code, text.stderr]).toEqual([0, ''])
  expect(text.stdout).toContain('PASSED: 3 checks')
  const json = await runCommand(['validate', ...flags, '--json', '--proxy-url', lab.proxy.url])
  const result = validationSchema.parse(JSON.parse(json.stdout))
  expect(result).toMatchObject({ ok: true, config: { enabled: true, source: 'config' } })
  expect(result.config.proxyUrl).toContain('***:***@')
  for (const secret of [AUTH.password, encodeURIComponent(AUTH.password), AUTH.username])
    expect(text.stdout + json.stdout).not.toContain(secret)
})

test('a denied URL that is reached fails with 1', async () => {
  const lab = await startLab()
  const ca = await writeTemporary('ca.pem', lab.ca.certificate)
  const { code, stdout } = await runCommand([
    ...['validate', '--proxy-url', lab.proxy.url, '--tls-ca-file', ca, '--json'],
    ...['--allowed-url', 'https://discord.com/api/v10/gateway'],
    ...['--denied-url', 'https://discord.com/api/v10/users/@me'],
    ...['--denied-url', 'https://nowhere.example/'],
  ])
  expect(code).toBe(1)
  const { checks } = validationSchema.parse(JSON.parse(stdout))
  expect(checks.map(({ kind, ok, status }) => [kind, ok, status])).toEqual([
    ['allowed', true, 200],
    ['denied', false, 401],
    ['denied', false, null],
  ])
})

test('--policy tries the whole list', async () => {
  const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code: 2 } })
  const args = [
    'validate',
    '--proxy-url',
    lab.proxy.url,
    '--policy',
    '--denied-url',
    'http://intranet.example/',
  ]
  const { code, stdout } = await runCommand([...args, '--json'])
  // Discord is refused as well.
  expect(code).toBe(1)
  const { checks } = validationSchema.parse(JSON.parse(stdout))
  expect(checks.filter(({ kind }) => kind === 'policy')).toHaveLength(
    DENIED_RANGES.length + DENIED_NAMES.length,
  )
  expect(checks.filter(({ ok }) => !ok).map(({ kind }) => kind)).toEqual(['allowed', 'allowed'])
})

test('no proxy at all fails with 1 and says where it looked', async () => {
  const { code, stdout } = await command.run(['validate'])
  expect(code).toBe(1)
  expect(stdout).toContain('OPENCLAW_PROXY_URL')
})
