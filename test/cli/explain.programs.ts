import { describe, expect, test } from 'vitest'
import { builtPackage } from '../support/processes/built-package.js'
import { builtCommand } from './command.js'
import { runCommand } from './in-process.js'

const command = builtCommand()
const DISCORD = 'https://discord.com/api/v10/gateway'

describe('explain', () => {
  test.each<[string, Record<string, string>, readonly string[], string]>([
    ['no proxy', {}, [], 'goes direct: no proxy is configured'],
    ['a variable', { HTTPS_PROXY: 'http://p:1' }, [], 'goes through http://p:1: HTTPS_PROXY is set'],
    [
      'a bypass list',
      { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.discord.com' },
      [],
      'goes direct: NO_PROXY entry .discord.com matches',
    ],
    [
      'the command line',
      { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' },
      ['--proxy-url', 'socks5://me:hunter2@q:2'],
      'goes through socks5://***:***@q:2: the proxy option is set',
    ],
    [
      'a list on the command line',
      {},
      ['--proxy-url', 'http://p:1', '--proxy-url', 'socks5://q:2'],
      'goes through http://p:1: the proxy option is set; proxy 1 of 2',
    ],
  ])('%s', async (_title, env, flags, expected) => {
    const { code, stdout } = await runCommand(['explain', DISCORD, ...flags], { env })
    expect(code).toBe(0)
    expect(stdout).toBe(`${DISCORD} ${expected}\n`)
  })

  test.each([
    ['discord', 'https://example.com/', 'goes direct: it is outside the scope'],
    ['discord', 'wss://gateway.discord.gg/', 'goes through http://p:1: HTTPS_PROXY is set'],
    ['all', 'https://example.com/', 'goes through http://p:1: HTTPS_PROXY is set'],
    ['all', 'http://example.com/', 'goes through http://q:2: HTTP_PROXY is set'],
    ['all', 'http://localhost/', 'goes direct: it leads to this host itself'],
  ])('--scope %s decides about %s as an installation does', async (scope, url, expected) => {
    const env = { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' }
    const { code, stdout } = await runCommand(['explain', '--scope', scope, url], { env })
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${url} ${expected}\n` })
  })

  test('--scope decides so also in a process that loads register, whose scope is another', async () => {
    const { register } = await builtPackage()
    const env = { NODE_OPTIONS: `--require="${register.require}"`, HTTPS_PROXY: 'http://p:1' }
    const all = await command.run(['explain', '--scope', 'all', 'https://example.com/'], { env })
    expect(all).toMatchObject({ code: 0, stderr: '' })
    expect(all.stdout).toContain('goes through http://p:1: HTTPS_PROXY is set')
    const flags = ['--scope', 'discord', '--proxy-url', 'socks5://q:2']
    const other = await command.run(['explain', ...flags, 'https://discord.com/'], { env })
    expect(other.stdout).toContain('goes through socks5://q:2: the proxy option is set')
  })

  test('--json has route, reason and the proxy with its source', async () => {
    const { stdout } = await runCommand(['explain', '--json', 'wss://gateway.discord.gg/?v=10'], {
      env: { ALL_PROXY: 'socks5://me:hunter2@q:2' },
    })
    expect(JSON.parse(stdout)).toEqual({
      url: 'wss://gateway.discord.gg/',
      route: 'proxy',
      reason: 'ALL_PROXY is set',
      proxy: { url: 'socks5://***:***@q:2', protocol: 'socks5', host: 'q', port: 2, source: 'ALL_PROXY' },
    })
  })

  test('a variable that is not usable: exit code 1, its name and no value', async () => {
    const { code, stdout } = await runCommand(['explain', DISCORD], {
      env: { HTTPS_PROXY: 'ftp://me:hunter2@p' },
    })
    expect(code).toBe(1)
    expect(stdout).toContain('HTTPS_PROXY')
    expect(stdout).not.toContain('hunter2')
  })

  test.each([
    'https://me:hunter2@discord.com/?token=hunter2',
    'https://discord.com/api/v10/webhooks/1234/hunter2',
    'https://discord.com/api/webhooks/1234/hunter2/messages/@original',
  ])('what is secret in a URL that is asked about is not repeated', async (url) => {
    const { stdout } = await runCommand(['explain', url])
    expect(stdout).toContain('https://discord.com/')
    expect(stdout).not.toContain('hunter2')
  })
})
