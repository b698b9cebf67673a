import { execFileSync } from 'node:child_process'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ENV_FORMATS, SNIPPETS } from '../../src/cli/environment/snippets.js'
import { runCommand } from './in-process.js'
import { writeTemporary } from '../support/temporary-file.js'

const FORMATS = ENV_FORMATS

const SETTING = {
  name: 'HTTPS_PROXY',
  url: '',
  hasSecret: false,
  loopback: null,
  unit: 'bot.service',
  openclaw: { caFile: undefined, loopbackMode: undefined, stateDirectory: '~/.openclaw' },
} as const

/** What cmd.exe makes of a line of a batch file: %% is one %, %NAME% a variable, a single % nothing. */
function inBatchFile(line: string): string {
  return line.replace(/%(%|[^%\n]*%|)/g, (_whole, rest: string) => (rest === '%' ? '%' : ''))
}

describe('env', () => {
  // OpenClaw has settings of its own: test/cli/openclaw.programs.ts.
  test.each(FORMATS.filter((format) => format !== 'openclaw'))(
    '%s holds the variable that is in effect and its URL',
    async (format) => {
      const { code, stdout, stderr } = await runCommand(['env', '--format', format], {
        env: { HTTPS_PROXY: '10.0.0.1:3128' },
      })
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toContain('HTTPS_PROXY')
      expect(stdout).toContain('http://10.0.0.1:3128')
    },
  )

  test.each(FORMATS)(
    '%s: a secret is not printed, its place is marked, and there is a warning',
    async (format) => {
      const { code, stdout, stderr } = await runCommand(['env', '--format', format], {
        env: { OPENCLAW_PROXY_URL: 'http://alice:hunter2@10.0.0.1:3128' },
      })
      expect(code).toBe(0)
      expect(stdout).toContain('http://***:***@10.0.0.1:3128')
      expect(stdout + stderr).not.toMatch(/hunter2|alice/)
      expect(stderr).toMatch(/^warning: /)
      expect(stderr).toMatch(/readable|read them|registry|systemctl show|mode 600/)
    },
  )

  test.each(['shell', 'wsl'])(
    '%s: the file of a secret is made for its owner alone first',
    async (format) => {
      const { stdout } = await runCommand(['env', '--format', format], {
        env: { HTTPS_PROXY: 'http://alice:hunter2@10.0.0.1:3128' },
      })
      const commands = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      const [make = '', write = '', use = ''] = commands
      expect(write).toMatch(/^export HTTPS_PROXY=/)
      const [, file = ''] = /^\. (~\/\S+)$/.exec(use) ?? []
      const home = dirname(await writeTemporary('home', ''))
      await mkdir(join(home, '.config'))
      const env = { PATH: process.env['PATH'], HOME: home }
      execFileSync('sh', ['-c', `umask 022; ${make}`], { env })
      expect((await stat(file.replace('~', home))).mode & 0o777).toBe(0o600)
    },
  )

  test('a URL of the command line becomes OPENCLAW_PROXY_URL, the strongest', async () => {
    const { stdout } = await runCommand(['env', '--proxy-url', 'socks5://127.0.0.1:7890'])
    expect(stdout).toContain("export OPENCLAW_PROXY_URL='socks5://127.0.0.1:7890'")
    for (const title of ['systemd', 'launchd', 'Dockerfile', 'compose', 'Windows'])
      expect(stdout).toContain(title)
  })

  test.each([
    ['shell', /^# shell: .*\n/],
    ['systemd', /^# systemd, user service: .*\n\[Service\]\n/],
    ['systemd-system', /^# systemd, system service: .*\n\[Service\]\n/],
    ['pm2', /^\/\/ pm2: .*\nmodule\.exports = \{\n/],
    ['dotenv', /^# \.env: .*\nOPENCLAW_PROXY_URL='http/],
    ['wsl', /^# WSL: .*\nexport /],
    ['launchd', /^<\?xml .*\?>\n<!-- launchd: .* -->\n<!DOCTYPE plist .*>\n<plist version="1.0">\n<dict>\n/],
    ['dockerfile', /^# Dockerfile\nENV /],
    ['compose', /^# compose.yaml\nservices:\n/],
    ['windows', /^rem Windows: .*\nsetx /],
  ])('%s: its heading is a comment there', async (format, expected) => {
    const args = ['env', '--format', format, '--proxy-url', 'http://10.0.0.1:3128']
    expect((await runCommand(args)).stdout).toMatch(expected)
  })

  test('no proxy is nothing to keep: exit code 1', async () => {
    const { code, stdout, stderr } = await runCommand(['env'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('no proxy was found')
  })

  test('the shell line gives back exactly the URL', () => {
    const url = "pac+http://host/it's%20$HOME`x`/proxy.pac"
    const { text } = SNIPPETS.shell({ ...SETTING, url })
    const shown = execFileSync('sh', ['-c', `${text}; printf %s "$HTTPS_PROXY"`], { encoding: 'utf8' })
    expect(shown).toBe(url)
  })

  test('what has a meaning in a place is escaped there', () => {
    const setting = { ...SETTING, url: 'pac+http://h/a%20b$c&d' }
    expect(SNIPPETS.systemd(setting).text).toContain('a%%20b$c&d')
    expect(SNIPPETS.launchd(setting).text).toContain('a%20b$c&amp;d')
    expect(SNIPPETS.dockerfile(setting).text).toContain('a%20b\\$c&d')
    expect(SNIPPETS.compose(setting).text).toContain('a%20b$$c&d')
    expect(SNIPPETS.windows(setting).text).toContain('SetEnvironmentVariable')
  })

  test.each(['dockerfile', 'compose'])(
    '%s: a proxy on loopback gets a warning and the address of the host',
    async (format) => {
      for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
        const args = ['env', '--format', format, '--proxy-url', `http://${host}:7890`]
        const { stdout, stderr } = await runCommand(args)
        expect(stdout).toContain('http://host.docker.internal:7890')
        expect(stdout).toContain('host.docker.internal:host-gateway')
        expect(stderr).toMatch(/^warning: .*container itself.*host\.docker\.internal/)
        expect(stderr).toMatch(format === 'compose' ? /network_mode: host/ : /--network=host/)
      }
    },
  )

  test('a proxy whose name only looks like loopback stays as it is', async () => {
    for (const url of ['http://localhost.example:1', 'http://127.0.0.1.example:1', 'http://10.127.0.0:1']) {
      const { stdout, stderr } = await runCommand(['env', '--format', 'compose', '--proxy-url', url])
      expect([stdout.includes(url), stderr]).toEqual([true, ''])
    }
  })

  test('WSL: Windows is the default gateway', async () => {
    const args = ['env', '--format', 'wsl', '--proxy-url', 'http://127.0.0.1:7897']
    const { stdout, stderr } = await runCommand(args)
    expect(stdout).toContain(
      `export OPENCLAW_PROXY_URL="http://$(ip route show default | awk '{print $3}'):7897"`,
    )
    expect(stderr).toContain('networkingMode=mirrored')
  })

  test('--unit: the drop-ins of that unit, for the user and for the system', async () => {
    const args = ['env', '--unit', 'discord-bot', '--proxy-url', 'http://10.0.0.1:3128']
    const { stdout } = await runCommand(args)
    expect(stdout).toContain('~/.config/systemd/user/discord-bot.service.d/proxy.conf')
    expect(stdout).toContain('/etc/systemd/system/discord-bot.service.d/proxy.conf')
    expect(stdout).toContain('systemctl --user restart discord-bot.service')
    expect(stdout).not.toContain('launchd')
    const template = await runCommand([...args, '--unit', 'bot@1.service', '--format', 'systemd-system'])
    expect(template.stdout).toContain('/etc/systemd/system/bot@1.service.d/proxy.conf')
    expect(template.stdout).not.toContain('--user')
  })

  test.each([
    ['a unit that is none', ['--unit', '../x'], 'expected the name of a systemd unit'],
    [
      'a unit for another format',
      ['--unit', 'bot', '--format', 'shell'],
      '--format must be one of systemd, systemd-system',
    ],
  ])('%s is wrong usage', async (_title, args, reason) => {
    const { code, stderr } = await runCommand(['env', ...args, '--proxy-url', 'http://10.0.0.1:3128'])
    expect(code).toBe(2)
    expect(stderr).toContain(`error: --unit: ${reason}`)
  })

  test('Windows: what is percent-encoded survives in a .bat file', () => {
    const url = 'http://h/a%25b%40c'
    const { text } = SNIPPETS.windows({ ...SETTING, url })
    expect(inBatchFile(text.split('\n').at(-1) ?? '')).toContain(url)
    const { text: marked } = SNIPPETS.windows({ ...SETTING, url: 'http://***:***@h:1', hasSecret: true })
    expect(marked).toContain('every % is written twice')
    const filled = marked.replaceAll('***', 'p%%2540x%%')
    expect(inBatchFile(filled.split('\n').at(-1) ?? '')).toContain('p%2540x%:p%2540x%@h')
  })

  test('the file of pm2 is JavaScript that has the URL', async () => {
    const url = "http://h:1/it's\\"
    const path = await writeTemporary('ecosystem.config.cjs', SNIPPETS.pm2({ ...SETTING, url }).text)
    const { default: config } = (await import(path)) as {
      default: { readonly apps: readonly { readonly env: Readonly<Record<string, string>> }[] }
    }
    expect(config.apps[0]?.env).toEqual({ HTTPS_PROXY: url })
  })

  test('Node reads the .env file', async () => {
    const url = 'http://h:1/a$b#c'
    const path = await writeTemporary('.env', SNIPPETS.dotenv({ ...SETTING, url }).text)
    const args = [`--env-file=${path}`, '-p', 'process.env.HTTPS_PROXY']
    expect(execFileSync(process.execPath, args, { encoding: 'utf8', env: {} })).toBe(`${url}\n`)
  })
})
