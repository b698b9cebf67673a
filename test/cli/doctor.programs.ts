import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { NamedFault } from '../lab/proxy/index.js'
import { faultsFor } from '../lab/proxy/index.js'
import { missingPrograms } from '../real/installed.js'
import { startLab, type Lab } from '../support/lab.js'
import { atTerminal } from './at-terminal.js'
import { builtCommand } from './command.js'
import { runCommand, type Ended, type RunOptions } from './in-process.js'
import { writeTemporary } from '../support/temporary-file.js'

const command = builtCommand()

const AUTH = { username: 'us@er-name', password: 'p@ss/w%rd' }

/** The authorities of a lab as files, which is how a command takes them. */
async function trust(lab: Lab): Promise<readonly string[]> {
  const tls = await writeTemporary('discord.pem', lab.discord.ca)
  const proxyTls = await writeTemporary('proxy.pem', lab.ca.certificate)
  return ['--tls-ca-file', tls, '--proxy-ca-file', proxyTls]
}

/** @param run in this process; `command.run` starts another */
async function doctor(
  lab: Lab,
  args: readonly string[] = [],
  options: RunOptions = {},
  run = runCommand,
): Promise<Ended> {
  return run(['doctor', ...(await trust(lab)), ...args], {
    ...options,
    env: { OPENCLAW_PROXY_URL: lab.proxy.url, ...options.env },
  })
}

function faultNamed(scheme: 'http' | 'socks5', name: string): NamedFault['fault'] {
  const found = faultsFor(scheme).find((fault) => fault.name === name)
  if (found === undefined) throw new Error(`the lab has no fault ${name}`)
  return found.fault
}

/** docs/doctor.md, strict: what it does not name must not be there. */
const hopSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  status: z.enum(['ok', 'failed', 'not-reached']),
  startMs: z.number().nullable(),
  ms: z.number().nullable(),
  detail: z.string().nullable(),
  code: z.string().nullable(),
  phase: z.string().nullable(),
  message: z.string().nullable(),
  hint: z.string().nullable(),
})
const comparisonSchema = z.strictObject({
  verdict: z.enum(['proxy-needed', 'proxy-not-needed', 'proxy-broken', 'both-broken']),
  text: z.string(),
  direct: z.strictObject({ ok: z.boolean(), hops: z.array(hopSchema) }),
})
const diagnosisSchema = z.strictObject({
  schemaVersion: z.literal(1),
  ok: z.boolean(),
  startedAt: z.iso.datetime(),
  ms: z.number(),
  proxy: z
    .strictObject({
      url: z.string(),
      protocol: z.string(),
      host: z.string(),
      port: z.number(),
      source: z.string(),
    })
    .nullable(),
  route: z.enum(['proxy', 'direct']).nullable(),
  reason: z.string(),
  notes: z.array(z.strictObject({ code: z.string(), text: z.string() })),
  hops: z.array(hopSchema),
  fix: z
    .strictObject({
      option: z.string(),
      flag: z.string(),
      value: z.string().nullable(),
      text: z.string(),
    })
    .nullable(),
  comparison: comparisonSchema.nullable(),
})

function parse(stdout: string): z.output<typeof diagnosisSchema> {
  return diagnosisSchema.parse(JSON.parse(stdout))
}

function expectNoSecret(shown: string, token: string): void {
  const pair = `${AUTH.username}:${AUTH.password}`
  const secrets = [
    AUTH.username,
    AUTH.password,
    encodeURIComponent(AUTH.username),
    encodeURIComponent(AUTH.password),
    Buffer.from(pair).toString('base64'),
    token,
  ]
  for (const secret of secrets) expect(shown).not.toContain(secret)
}

describe('doctor', () => {
  test.each(['http', 'https', 'socks5'] as const)(
    '%s: all is well, exit code 0, no colours',
    async (scheme) => {
      const lab = await startLab({ scheme, auth: AUTH })
      const { code, stdout } = await doctor(lab, ['--token-env', 'BOT'], { env: { BOT: lab.discord.token } })
      expect(code).toBe(0)
      expect(stdout).toContain('from OPENCLAW_PROXY_URL')
      expect(stdout).toContain('✓ IDENTIFY to READY')
      expect(stdout).toContain('All is well')
      expect(stdout).not.toContain('\u001b')
      expectNoSecret(stdout, lab.discord.token)
    },
  )

  test('a failed hop: exit code 1, its code, what to try, and the rest not reached', async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    const { code, stdout } = await doctor(lab, [], {}, command.run)
    expect(code).toBe(1)
    expect(stdout).toMatch(/✗ tunnel to discord\.com:443/)
    expect(stdout).toContain('ERR_PROXY_DENIED: The proxy')
    expect(stdout).toContain('try: The answer is the proxy')
    expect(stdout).toMatch(/- TLS to Discord +not reached/)
    expect(stdout).toContain('FAILED at tunnel to discord.com:443, ERR_PROXY_DENIED')
  })

  test('the wrong scheme: the URL that is printed makes the next run pass', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    const wrong = `http://127.0.0.1:${lab.proxy.port}`
    const first = await doctor(lab, ['--proxy-url', wrong])
    expect(first.code).toBe(1)
    const [, url = ''] = /Use (\S+)/.exec(first.stdout) ?? []
    expect(url).toBe(lab.proxy.url)
    expect((await doctor(lab, ['--proxy-url', url])).code).toBe(0)
  })

  test('an inspected connection names the issuer and the flag', async () => {
    const lab = await startLab()
    const { code, stdout } = await runCommand(['doctor'], { env: { HTTPS_PROXY: lab.proxy.url } })
    expect(code).toBe(1)
    expect(stdout).toContain('TLS is being inspected by "Lab root"')
    expect(stdout).toContain('--tls-ca-file')
  })

  test('a variable that is not usable is a failed configuration, its value unseen', async () => {
    const { code, stdout } = await runCommand(['doctor'], { env: { HTTPS_PROXY: 'ftp://me:hunter2@proxy' } })
    expect(code).toBe(1)
    expect(stdout).toContain('✗ configuration')
    expect(stdout).toContain('HTTPS_PROXY')
    expect(stdout).not.toContain('hunter2')
  })

  test.each(['file', 'stdin'])('the token comes from a %s too', async (way) => {
    const lab = await startLab()
    const path = way === 'stdin' ? '-' : await writeTemporary('token', `Bot ${lab.discord.token}\n`)
    const input = `${lab.discord.token}\n`
    const run: typeof runCommand = (args, options) => command.run(args, { ...options, input })
    const { code, stdout } = await doctor(lab, ['--token-file', path], {}, run)
    expect(code).toBe(0)
    expect(stdout).toContain('✓ GET /users/@me')
  })

  test('while it waits it says for what, on standard error', async () => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const { stderr } = await doctor(lab, ['--timeout-ms', '3000'])
    expect(stderr).toMatch(/^waiting for: tunnel to discord\.com:443 \(\d s\)\n/)
  })

  test('it ends within --timeout-ms, and a little', async () => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const startedAt = performance.now()
    const { code } = await doctor(lab, ['--timeout-ms', '1500'], {}, command.run)
    expect(code).toBe(1)
    expect(performance.now() - startedAt).toBeLessThan(3_500)
  })
})

describe('doctor --json', () => {
  test('has the documented schema, and nothing on standard error', async () => {
    const lab = await startLab({ auth: AUTH })
    const { code, stdout, stderr } = await doctor(lab, ['--json', '--token-env', 'BOT'], {
      env: { BOT: lab.discord.token, HTTP_PROXY: lab.proxy.url },
    })
    expect([code, stderr]).toEqual([0, ''])
    const diagnosis = parse(stdout)
    expect(diagnosis).toMatchObject({ ok: true, route: 'proxy', proxy: { source: 'OPENCLAW_PROXY_URL' } })
    expect(diagnosis.notes.map((note) => note.code)).toContain('http-proxy-unused')
    expect(diagnosis.hops.map(({ id }) => id).join(' ')).toBe(
      'config proxy-connect proxy-auth tunnel target-tls rest gateway cdn identity intents gateway-bot ready',
    )
    expectNoSecret(stdout, lab.discord.token)
  })

  test('a configuration that is not usable has that schema too', async () => {
    const env = { HTTPS_PROXY: 'ftp://me:hunter2@proxy' }
    const { code, stdout } = await runCommand(['doctor', '--json'], { env })
    expect(code).toBe(1)
    expect(parse(stdout)).toMatchObject({ ok: false, proxy: null, route: null })
    expect(parse(stdout).hops[0]).toMatchObject({ id: 'config', code: 'ERR_PROXY_CONFIG' })
    expect(stdout).not.toContain('hunter2')
  })

  test.each<[string, 'http' | 'socks5', string, string]>([
    ['status 407', 'http', 'proxy-auth', 'ERR_PROXY_AUTH'],
    ['status 403', 'http', 'tunnel', 'ERR_PROXY_DENIED'],
    ['status 502', 'http', 'tunnel', 'ERR_TARGET_UNREACHABLE'],
    ['garbage on accept', 'http', 'tunnel', 'ERR_PROXY_PROTOCOL'],
    ['a target without TLS', 'http', 'target-tls', 'ERR_TARGET_TLS'],
    ['auth status 1', 'socks5', 'proxy-auth', 'ERR_PROXY_AUTH'],
    ['reply 0x02', 'socks5', 'tunnel', 'ERR_PROXY_DENIED'],
    ['reply 0x04', 'socks5', 'tunnel', 'ERR_TARGET_UNREACHABLE'],
  ])('%s of an %s proxy fails at %s with %s', async (name, scheme, hop, expected) => {
    const lab = await startLab({ scheme, fault: faultNamed(scheme, name), auth: AUTH })
    const { code, stdout } = await doctor(lab, ['--json'])
    expect(code).toBe(1)
    const failed = parse(stdout).hops.filter(({ status }) => status === 'failed')
    expect(failed).toMatchObject([{ id: hop, code: expected }])
    expectNoSecret(stdout, lab.discord.token)
  })
})

describe('doctor --watch', () => {
  test('one JSON object on each line, until a signal; the last one is the exit code', async () => {
    const lab = await startLab({ auth: AUTH })
    const args = ['doctor', ...(await trust(lab)), '--watch', '--interval-ms', '50', '--json']
    const child = command.start(args, { env: { HTTPS_PROXY: lab.proxy.url } })
    const ended = once(child, 'close')
    const lines: string[] = []
    const reader = createInterface({ input: child.stdout })
    for await (const line of reader) {
      lines.push(line)
      // From here on the proxy refuses: the rounds that follow say so.
      if (lines.length === 2) lab.proxy.fault = { kind: 'status', status: 403 }
      if (lines.length > 2 && !parse(line).ok) break
    }
    child.kill('SIGINT')
    child.stdout.resume()
    expect(await ended).toEqual([1, null])
    expect(lines.slice(0, 2).map((line) => parse(line).ok)).toEqual([true, true])
    for (const line of lines) expectNoSecret(line, lab.discord.token)
  })

  test('only the first round identifies and sends messages: session starts would soon be used up', async () => {
    const lab = await startLab()
    const asked = ['--token-env', 'BOT', '--channel', lab.discord.channelId, '--upload-bytes', '1000']
    const args = ['doctor', ...(await trust(lab)), '--watch', '--interval-ms', '50', ...asked]
    const env = { HTTPS_PROXY: lab.proxy.url, BOT: lab.discord.token }
    const child = command.start(args, { env })
    const ended = once(child, 'close')
    let shown = ''
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
      if (shown.split('All is well').length > 3) child.kill('SIGINT')
    })
    expect(await ended).toEqual([0, null])
    expect(lab.discord.gateway.identifies).toHaveLength(1)
    const sent = lab.discord.rest.requests.filter(({ method }) => method === 'POST')
    expect(sent.map(({ files }) => files.map(({ size }) => size))).toEqual([[], [1_000]])
    // That a later round has one hop less is not another outcome.
    expect(shown.split('✓ GET /gateway/bot')).toHaveLength(2)
  })

  test('a line for each round, and the whole report again when the outcome is another', async () => {
    const lab = await startLab({ auth: AUTH })
    const args = ['doctor', ...(await trust(lab)), '--watch', '--interval-ms', '50']
    const child = command.start(args, { env: { HTTPS_PROXY: lab.proxy.url } })
    const ended = once(child, 'close')
    let shown = ''
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
      if (shown.split('All is well').length > 3) lab.proxy.fault = { kind: 'status', status: 403 }
      if (shown.includes('FAILED')) child.kill('SIGTERM')
    })
    expect(await ended).toEqual([1, null])
    expect(shown.split('✓ tunnel').length).toBe(2)
    expect(shown.split('✗ tunnel').length).toBeGreaterThan(1)
    expectNoSecret(shown, lab.discord.token)
  })
})

const noTerminal = missingPrograms(['script'])

describe.skipIf(noTerminal.length > 0)('at a terminal', () => {
  test('there are colours, and with NO_COLOR there are none', async () => {
    const lab = await startLab()
    const args = [process.execPath, command.path, 'doctor', ...(await trust(lab))]
    const line = args.map((part) => `'${part}'`).join(' ')
    const env = { HTTPS_PROXY: lab.proxy.url }
    expect(await atTerminal(line, env)).toContain('\u001b[32m✓')
    expect(await atTerminal(line, { ...env, NO_COLOR: '1' })).not.toContain('\u001b[32m')
  })
})

describe('a defect of the command', () => {
  test.each(['throw', 'reject'])('that ends it by a %s shows no secret', async (how) => {
    const lab = await startLab({ auth: AUTH, fault: { kind: 'accept', verb: 'silence' } })
    const pair = Buffer.from(`${AUTH.username}:${AUTH.password}`).toString('base64')
    const what = `new Error('broken with ' + process.env.HTTPS_PROXY + ' and ${AUTH.password} Basic ${pair} ' + process.env.BOT)`
    const module = await writeTemporary(
      'defect.mjs',
      how === 'throw'
        ? `setTimeout(() => { throw ${what} }, 300)`
        : `setTimeout(() => { Promise.reject(${what}) }, 300)`,
    )
    const env = {
      OPENCLAW_PROXY_URL: '',
      HTTPS_PROXY: lab.proxy.url,
      BOT: lab.discord.token,
      NODE_OPTIONS: `--import ${module}`,
    }
    const { code, stdout, stderr } = await doctor(lab, ['--token-env', 'BOT'], { env }, command.run)
    expect(code).toBe(1)
    expect(stderr).toContain('failed unexpectedly')
    expect(stderr).toContain('broken with')
    expectNoSecret(stderr + stdout, lab.discord.token)
  })
})

test('docs/doctor.md and docs/egress-policy.md name every field of the JSON and every flag', async () => {
  const text = ['doctor.md', 'egress-policy.md']
    .map((page) => readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8'))
    .join('\n')
  for (const field of Object.keys({ ...diagnosisSchema.shape, ...hopSchema.shape }))
    expect(text).toContain(`\`${field}\``)
  const help =
    (await runCommand(['doctor', '--help'])).stdout + (await runCommand(['validate', '--help'])).stdout
  for (const [flag] of help.matchAll(/--[a-z-]+/g)) if (flag !== '--help') expect(text).toContain(flag)
})
