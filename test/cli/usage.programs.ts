import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { builtCommand } from './command.js'
import { runCommand } from './in-process.js'

const command = builtCommand()

describe('--help', () => {
  test('lists every command and the exit codes', async () => {
    const { code, stdout, stderr } = await command.run(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ['doctor', 'validate', 'explain', 'policy', 'env'])
      expect(stdout).toContain(`  ${name} `)
    expect(stdout).toContain('Exit code: 0')
  })

  test.each(['doctor', 'validate', 'explain', 'policy', 'env'])('%s describes its flags', async (name) => {
    const { code, stdout } = await runCommand([name, '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Usage: discord-transport \w+ \[options\]/)
    expect(stdout).toContain('--')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('--version is that of package.json', async () => {
    const { code, stdout } = await command.run(['--version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  })
})

describe('wrong usage ends with 2, says what was expected and repeats no value', () => {
  test.each<[string, string[], RegExp]>([
    ['no command', [], /Usage:/],
    ['an unknown command', ['doctro'], /unknown command 'doctro'[\s\S]*doctor/],
    ['a URL in place of a command', ['http://me:hunter2@proxy'], /unknown command/],
    ['an unknown flag', ['doctor', '--verbose'], /unknown option '--verbose'/],
    ['a token as a flag', ['doctor', '--token=hunter2'], /unknown option '--token/],
    ['a bad number', ['doctor', '--timeout-ms', 'hunter2'], /whole number of milliseconds from 1 to 600000/],
    ['a bad choice', ['policy', '--format', 'hunter2'], /squid, nftables, dante, json/],
    ['a missing argument', ['explain'], /missing required argument 'url'/],
    ['no URL to explain', ['explain', 'hunter2'], /expected a URL with a host/],
    ['a scheme that is none', ['doctor', '--proxy-url', 'ftp://me:hunter2@proxy'], /use one of http, https/],
    ['a blank proxy', ['doctor', '--proxy-url', ' '], /expected scheme:\/\/host:port/],
    [
      'a bad port',
      ['validate', '--proxy-url', 'http://me:hunter2@proxy:99999'],
      /port must be a whole number/,
    ],
    ['a file that is not there', ['doctor', '--tls-ca-file', '/nowhere.pem'], /--tls-ca-file/],
    ['no URL to allow', ['validate', '--allowed-url', 'hunter2'], /expected an http:\/\/ or https:\/\/ URL/],
    ['a token in place of its variable', ['doctor', '--token-env', 'hunter2.x.y'], /name of a variable/],
    ['an empty variable', ['doctor', '--token-env', 'NO_SUCH_TOKEN'], /it is empty/],
    ['a token file that is not there', ['doctor', '--token-file', '/nowhere'], /ENOENT/],
    ['intents without a token', ['doctor', '--intents', '1'], /--token-env/],
    ['ranges without --policy', ['validate', '--also', '10.0.0.0/8'], /--also: needs --policy/],
    ['two tokens', ['doctor', '--token-env', 'A', '--token-file', 'b'], /one of the two/],
  ])('%s', async (_title, args, expected) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect(code).toBe(2)
    expect(stderr).toMatch(expected)
    expect(stdout).toBe('')
    expect(stderr).not.toContain('hunter2')
  })
})

test('the process ends with the code of wrong usage', async () => {
  const { code, stderr } = await command.run(['doctro'])
  expect([code, stderr]).toEqual([2, expect.stringContaining("unknown command 'doctro'")])
})

test('a reader that closes the pipe early does not make the command fail', async () => {
  const child = command.start(['policy'])
  child.stdout.destroy()
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code).toBe(0)
})

test('closing standard error does not change how the command ends', async () => {
  const child = command.start(['env', '--proxy-url', 'http://me:hunter2@proxy:1'])
  child.stderr.destroy()
  child.stdout.resume()
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code).toBe(0)
})

test.skipIf(!existsSync('/dev/full'))(
  'a full disk is named as the cause, and not as a defect of the command',
  async () => {
    const line = `exec '${process.execPath}' '${command.path}' policy > /dev/full`
    const child = spawn('sh', ['-c', line], { stdio: ['ignore', 'ignore', 'pipe'] })
    const [stderr, [code]] = await Promise.all([
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ])
    expect(stderr).toBe('error: the output cannot be written (ENOSPC)\n')
    expect(code).toBe(1)
  },
)
