import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.js'
import { startLab } from '../support/lab.js'
import { homeWith } from '../openclaw/config/configuration.js'
import { addExampleCom } from '../doctor/validate/example-com.js'
import { runCommand, type Ended } from './in-process.js'
import { writeTemporary } from '../support/temporary-file.js'

const CONFIG = {
  channels: {
    discord: {
      token: 'a.b.c',
      proxy: 'http://10.0.0.1:3128',
      accounts: { ops: { proxy: 'http://u:hunter2@10.0.0.2:3128' } },
    },
  },
}

async function runWith(config: unknown, args: readonly string[], env = {}): Promise<Ended> {
  const home = await homeWith({ '.openclaw/openclaw.json': config })
  return runCommand(args, { env: { HOME: home, ...env } })
}

describe('explain --openclaw', () => {
  test('names the setting that decides, of the account that is asked for', async () => {
    const args = ['explain', 'https://discord.com/', '--openclaw']
    const channel = await runWith(CONFIG, [...args])
    expect([channel.code, channel.stdout]).toEqual([
      0,
      'https://discord.com/ goes through http://10.0.0.1:3128: channels.discord.proxy is set\n',
    ])
    const account = await runWith(CONFIG, [...args, '--account', 'ops', '--json'])
    expect(JSON.parse(account.stdout)).toMatchObject({
      route: 'proxy',
      reason: 'channels.discord.accounts.ops.proxy is set',
      proxy: { source: 'channels.discord.accounts.ops.proxy', url: 'http://***:***@10.0.0.2:3128' },
      notes: [],
    })
    expect(account.stdout).not.toContain('hunter2')
  })

  test('takes a file by its path, and the URL behind the flag for a URL', async () => {
    const path = await writeTemporary('other.json', "{ proxy: { proxyUrl: 'http://10.0.0.3:1' } }")
    const given = await runCommand(['explain', '--openclaw', path, 'https://discord.com/'])
    expect(given.stdout).toContain('proxy.proxyUrl is set')
    const { stdout } = await runWith(CONFIG, ['explain', '--openclaw', 'https://discord.com/'])
    expect(stdout).toContain('channels.discord.proxy is set')
  })

  test('--proxy-url comes before the configuration', async () => {
    const args = ['explain', 'https://discord.com/', '--openclaw', '--proxy-url', 'http://10.0.0.9:1']
    expect((await runWith(CONFIG, args)).stdout).toContain(
      'goes through http://10.0.0.9:1: the proxy option is set',
    )
  })

  test('a setting that cannot be used is 1, a file or an account that is not there is 2', async () => {
    const args = ['explain', 'https://discord.com/', '--openclaw']
    const bad = await runWith({ proxy: { enabled: true } }, args)
    expect([bad.code, bad.stdout]).toEqual([
      1,
      expect.stringContaining('goes nowhere: proxy.enabled: is true'),
    ])
    const account = await runWith(CONFIG, [...args, '--account', 'opps'])
    expect([account.code, account.stderr]).toEqual([
      2,
      'error: --account: there is no account opps (known: default, ops)\nDid you mean ops? Otherwise add the account to channels.discord.accounts.\n',
    ])
    const path = await runCommand([...args, '/nowhere/openclaw.json'])
    expect([path.code, path.stderr]).toEqual([
      2,
      expect.stringContaining('error: --openclaw: the file does not exist'),
    ])
    const alone = await runCommand(['explain', 'https://discord.com/', '--account', 'ops'])
    expect([alone.code, alone.stderr]).toEqual([2, 'error: --account: needs --openclaw\n'])
  })
})

test('doctor --openclaw goes through the proxy of the configuration, with its token and its notes', async () => {
  const lab = await startLab({ scheme: 'socks5' })
  const ca = await writeTemporary('ca.pem', lab.ca.certificate)
  const config = {
    channels: { discord: { proxy: lab.proxy.url, token: '${BOT_TOKEN}', retry: { attempts: 2 } } },
    env: { vars: { BOT_TOKEN: 'Bot a.token.of.the.configuration' } },
  }
  const args = ['doctor', '--openclaw', '--tls-ca-file', ca, '--json']
  const { stdout } = await runWith(config, args)
  const { hops, notes } = JSON.parse(stdout) as {
    hops: { id: string; status: string }[]
    notes: { code: string; text: string }[]
  }
  expect(hops.find(({ id }) => id === 'tunnel')).toMatchObject({ status: 'ok' })
  expect(hops.map(({ id }) => id)).toContain('identity')
  expect(notes.filter(({ code }) => code === 'openclaw').map(({ text }) => text)).toEqual([
    expect.stringContaining('socks5://'),
    expect.stringContaining('channels.discord.retry'),
  ])
  expect(stdout).not.toContain('of.the.configuration')
})

describe('validate --openclaw', () => {
  const parse = ({ stdout }: Ended): { config: Record<string, unknown>; [key: string]: unknown } =>
    JSON.parse(stdout) as ReturnType<typeof parse>

  test('passes by a good proxy, in the words and the shape of openclaw proxy validate', async () => {
    const lab = await startLab({ scheme: 'https', auth: { username: 'alice', password: 'hunter2' } })
    await addExampleCom(lab)
    const ca = await writeTemporary('ca.pem', lab.ca.certificate)
    const config = { proxy: { proxyUrl: lab.proxy.url, tls: { caFile: ca } } }
    const args = ['validate', '--openclaw', '--tls-ca-file', ca]
    const { code, stdout } = await runWith(config, [...args, '--json'])
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      ok: true,
      config: {
        enabled: true,
        proxyUrl: expect.stringMatching(/^https:\/\/\*\*\*:\*\*\*@.*:\d+\/$/) as string,
        proxyCaFile: ca,
        source: 'config',
        errors: [],
      },
      checks: [
        { kind: 'allowed', url: 'https://discord.com/api/v10/gateway', ok: true, status: 200 },
        { kind: 'allowed', url: 'https://example.com/', ok: true, status: 200 },
        expect.objectContaining({
          kind: 'denied',
          url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) as string,
          ok: true,
        }),
      ],
    })
    expect(code).toBe(0)
    const text = await runWith(config, args)
    expect(text.stdout).toContain('from proxy.proxyUrl')
    expect(stdout + text.stdout + text.stderr).not.toContain('hunter2')
  })

  test.each([
    ['override', {}, ['--proxy-url', 'nonsense://x'], {}, 'override', true],
    ['a URL of the file', { proxy: { proxyUrl: 'nonsense://x' } }, [], {}, 'config', true],
    ['a URL of the environment', {}, [], { OPENCLAW_PROXY_URL: 'nonsense://x' }, 'env', true],
    ['enabled without a URL', { proxy: { enabled: true } }, [], {}, 'missing', true],
    [
      'enabled without a URL, beside the proxy of the channel',
      { proxy: { enabled: true }, channels: { discord: { proxy: 'http://h:1' } } },
      [],
      {},
      'missing',
      true,
    ],
    [
      'a file of certificates that is not there',
      { proxy: { proxyUrl: 'https://h:1', tls: { caFile: '/nope.pem' } } },
      [],
      {},
      'config',
      true,
    ],
    [
      'a file of certificates with a variable that is not set',
      { proxy: { proxyUrl: 'https://h:1', tls: { caFile: '${NOPE}' } } },
      [],
      {},
      'config',
      true,
    ],
    ['nothing', {}, [], {}, 'disabled', false],
    [
      'a URL that is switched off',
      { proxy: { enabled: false, proxyUrl: 'http://h:1' } },
      [],
      {},
      'config',
      false,
    ],
    [
      'a variable that is switched off',
      { proxy: { enabled: false } },
      [],
      { OPENCLAW_PROXY_URL: 'http://h:1' },
      'env',
      false,
    ],
    ['all switched off', { proxy: { enabled: false } }, [], {}, 'disabled', false],
  ] as const)('of %s: no check, code 1, and why', async (_what, config, flags, env, source, enabled) => {
    const ended = await runWith(config, ['validate', '--openclaw', '--json', ...flags], env)
    const { ok, checks, config: state } = parse(ended)
    expect({ ok, checks, code: ended.code }).toEqual({ ok: false, checks: [], code: 1 })
    expect(state).toMatchObject({ source, enabled, errors: [expect.any(String)] })
    expect('proxyUrl' in state).toBe(['override', 'config', 'env'].includes(source))
  })

  test('a variable that is not set is a result with its name', async () => {
    const config = { proxy: { proxyUrl: 'http://${NOPE}:1' } }
    const { code, stdout } = await runWith(config, ['validate', '--openclaw', '--json'])
    const errors = [expect.stringContaining('NOPE')]
    expect(JSON.parse(stdout)).toMatchObject({
      config: { enabled: true, source: 'config', errors },
      checks: [],
    })
    expect(code).toBe(1)
  })

  test('in text, what cannot be used comes with what to do', async () => {
    const config = { proxy: { proxyUrl: 'http://h:1' }, channels: { discord: { mediaMaxMb: 'a lot' } } }
    const { code, stdout, stderr } = await runWith(config, ['validate', '--openclaw'])
    expect(stdout).toContain('✗ channels.discord.mediaMaxMb: must be a number')
    expect(stdout).toMatch(/^http:\/\/h:1\n.*\n {2}Correct the number/)
    expect([code, stderr]).toEqual([1, ''])
  })

  test('--proxy-url comes without the certificates of the configuration, and a bypassed proxy is noted', async () => {
    const discord = { proxy: 'http://127.0.0.1:1' }
    const managed = { proxyUrl: 'http://127.0.0.1:2', tls: { caFile: '/nope.pem' } }
    const config = { proxy: managed, channels: { discord } }
    const args = ['validate', '--openclaw', '--json', '--allowed-url', 'https://example.com/']
    const given = await runWith(config, [...args, '--proxy-url', 'https://127.0.0.1:1'])
    expect(parse(given).config).toEqual({
      enabled: true,
      proxyUrl: 'https://127.0.0.1:1/',
      source: 'override',
      errors: [],
    })
    const own = await runWith(config, args)
    expect(parse(own).config).toMatchObject({ proxyUrl: 'http://127.0.0.1:1/', source: 'config' })
    expect(own.stderr).toContain("channels.discord.proxy is used and bypasses the operator's proxy.proxyUrl")
  })

  test('wrong usage is 1, as with openclaw proxy validate, and stays 2 without the flag', async () => {
    for (const args of [['--nope'], ['--timeout-ms', 'abc'], ['--account', 'nobody']]) {
      expect((await runWith({}, ['validate', '--openclaw', ...args])).code).toBe(1)
      expect((await runWith({}, ['validate', ...args])).code).toBe(2)
    }
    expect((await runWith('{ not json', ['validate', '--openclaw'])).code).toBe(1)
  })
})

describe('env', () => {
  test('--openclaw takes the proxy of the configuration', async () => {
    const { stdout } = await runWith(CONFIG, ['env', '--openclaw', '--format', 'shell'])
    expect(stdout).toContain("export OPENCLAW_PROXY_URL='http://10.0.0.1:3128'")
  })

  test('--format openclaw writes the settings, installs the service anew and has a drop-in', async () => {
    const port = await freePort()
    const url = `https://127.0.0.1:${port}`
    const config = { proxy: { proxyUrl: url, loopbackMode: 'block', tls: { caFile: '/etc/company.pem' } } }
    const path = await writeTemporary('openclaw.json', JSON.stringify(config))
    const args = ['env', '--format', 'openclaw', '--proxy-url', url]
    const { stdout, stderr } = await runCommand(args)
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      `openclaw config set proxy.proxyUrl '${url}'`,
      'openclaw gateway install --force',
      'openclaw gateway restart',
    ])
    expect(stderr).toBe('')
    expect(stdout).toContain('openclaw-gateway.service.d/proxy.conf')
    expect(stdout).toContain(`# Environment="OPENCLAW_PROXY_URL=${url}"`)
    expect((await runCommand(['env', '--format', 'openclaw', '--openclaw', path])).code).toBe(1)
  })

  test('a secret goes into the file .env of the state directory, which no other user can read', async () => {
    const env = { HTTPS_PROXY: 'http://alice:hunter2@10.0.0.1:3128' }
    const { code, stdout, stderr } = await runCommand(['env', '--format', 'openclaw'], { env })
    expect(code).toBe(0)
    expect(stdout).toContain("# OPENCLAW_PROXY_URL='http://***:***@10.0.0.1:3128'")
    expect(stdout).toContain('openclaw gateway install --force')
    expect(stdout).not.toContain('config set proxy.proxyUrl')
    expect(stdout + stderr).not.toMatch(/hunter2|alice/)
    expect(stderr).toContain('mode 600')
    const home = await homeWith({})
    await mkdir(join(home, '.openclaw'))
    await writeFile(join(home, '.openclaw/.env'), 'KEPT=1\n')
    const shell = stdout.split('\n').filter((line) => line.startsWith('touch '))
    execFileSync('sh', ['-c', shell.join('\n')], { env: { HOME: home, PATH: process.env['PATH'] } })
    expect((await stat(join(home, '.openclaw/.env'))).mode & 0o777).toBe(0o600)
  })

  test('a proxy that OpenClaw cannot use is not written into its configuration', async () => {
    const { stdout, stderr } = await runCommand([
      ...['env', '--format', 'openclaw', '--proxy-url', 'socks5://10.0.0.1:1080'],
    ])
    expect(stdout).not.toContain('config set')
    expect(stderr).toContain('HTTP port')
  })
})
