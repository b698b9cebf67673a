import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { SNIPPETS } from '../../src/cli/environment/snippets.js'
import { builtCommand } from './command.js'

const command = builtCommand()
const FORMATS = ['shell', 'systemd', 'launchd', 'dockerfile', 'compose', 'windows'] as const

describe('env', () => {
  test.each(FORMATS)('%s holds the variable that is in effect and its URL', async (format) => {
    const { code, stdout, stderr } = await command.run(['env', '--format', format], {
      env: { HTTPS_PROXY: '10.0.0.1:3128' },
    })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('HTTPS_PROXY')
    expect(stdout).toContain('http://10.0.0.1:3128')
  })

  test.each(FORMATS)(
    '%s: a secret is not printed, its place is marked, and there is a warning',
    async (format) => {
      const { code, stdout, stderr } = await command.run(['env', '--format', format], {
        env: { OPENCLAW_PROXY_URL: 'http://alice:hunter2@10.0.0.1:3128' },
      })
      expect(code).toBe(0)
      expect(stdout).toContain('http://***:***@10.0.0.1:3128')
      expect(stdout + stderr).not.toMatch(/hunter2|alice/)
      expect(stderr).toMatch(/^warning: /)
      expect(stderr).toMatch(/readable|read them|registry|systemctl show/)
    },
  )

  test('a URL of the command line becomes OPENCLAW_PROXY_URL, the strongest', async () => {
    const { stdout } = await command.run(['env', '--proxy-url', 'socks5://127.0.0.1:7890'])
    expect(stdout).toContain("export OPENCLAW_PROXY_URL='socks5://127.0.0.1:7890'")
    for (const title of ['systemd', 'launchd', 'Dockerfile', 'compose', 'Windows'])
      expect(stdout).toContain(title)
  })

  test.each([
    ['shell', /^# shell: .*\n/],
    ['systemd', /^# systemd: .*\n\[Service\]\n/],
    ['launchd', /^<\?xml .*\?>\n<!-- launchd: .* -->\n<!DOCTYPE plist .*>\n<plist version="1.0">\n<dict>\n/],
    ['dockerfile', /^# Dockerfile\nENV /],
    ['compose', /^# compose.yaml\nservices:\n/],
    ['windows', /^rem Windows: .*\nsetx /],
  ])('%s: its heading is a comment there', async (format, expected) => {
    const args = ['env', '--format', format, '--proxy-url', 'http://10.0.0.1:3128']
    expect((await command.run(args)).stdout).toMatch(expected)
  })

  test('no proxy is nothing to keep: exit code 1', async () => {
    const { code, stdout, stderr } = await command.run(['env'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('no proxy was found')
  })

  test('the shell line gives back exactly the URL', () => {
    const url = "pac+http://host/it's%20$HOME`x`/proxy.pac"
    const { text } = SNIPPETS.shell({ name: 'HTTPS_PROXY', url, hasSecret: false })
    const shown = execFileSync('sh', ['-c', `${text}; printf %s "$HTTPS_PROXY"`], { encoding: 'utf8' })
    expect(shown).toBe(url)
  })

  test('what has a meaning in a place is escaped there', () => {
    const setting = { name: 'HTTPS_PROXY', url: 'pac+http://h/a%20b$c&d', hasSecret: false }
    expect(SNIPPETS.systemd(setting).text).toContain('a%%20b$c&d')
    expect(SNIPPETS.launchd(setting).text).toContain('a%20b$c&amp;d')
    expect(SNIPPETS.dockerfile(setting).text).toContain('a%20b\\$c&d')
    expect(SNIPPETS.compose(setting).text).toContain('a%20b$$c&d')
    expect(SNIPPETS.windows(setting).text).toContain('SetEnvironmentVariable')
  })
})
