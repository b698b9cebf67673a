import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'
import { builtCommand } from './command.js'
import { runCommand, type Ended } from './in-process.js'

const command = builtCommand()
let gateway: FakeGateway

beforeAll(async () => {
  gateway = await FakeGateway.start({ token: 'the-token-of-this-test' })
})
afterAll(() => gateway.stop())

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runCommand(['openclaw', ...args], { env: { TOKEN: gateway.token, ...env } })
}

const at = (): readonly string[] => ['--url', gateway.url, '--token-env', 'TOKEN']

it('asks a session and prints the answer, for people and for programs', async () => {
  const [text, json] = await Promise.all([
    run(['send', '--session', 'main', 'hello', ...at()]),
    run(['sessions', 'send', 'agent:main:main', 'there', '--json', ...at()]),
  ])
  expect(text).toEqual({ code: 0, stdout: 'Echo: hello\n', stderr: '' })
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, result: { text: 'Echo: there' } })
})

it('prints what the gateway says, its sessions and a history', async () => {
  const [connect, list, none, history] = await Promise.all([
    run(['connect', '--json', ...at()]),
    run(['sessions', 'list', '--kind', 'main', ...at()]),
    run(['sessions', 'list', '--kind', 'group', ...at()]),
    run(['sessions', 'history', 'main', '--limit', '2', ...at()]),
  ])
  expect(JSON.parse(connect.stdout)).toMatchObject({
    ok: true,
    result: { protocol: 4, server: { version: '2026.9.6' } },
  })
  expect(list.stdout).toMatch(/^KEY +STATUS +MODEL +UPDATED\nagent:main:main /)
  expect(none.stdout).toBe('no sessions\n')
  expect(history.stdout).toMatch(/^user: .+\nassistant: Echo: .+\n$/)
})

it('the gateway cannot move the cursor or change colours', async () => {
  const title = '\u001b]0;title\u0007\u001b[31m'
  await run(['spawn', '--task', 'x', '--model', `${title}red/\u009b2Jmodel`, ...at()])
  const { stdout } = await run(['sessions', 'list', ...at()])
  expect(stdout).toMatch(/ red\/model /)
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})

it('a budget stops the run after the message that passes it, and is refused where nothing has a price', async () => {
  const [within, beyond, unpriced] = await Promise.all([
    run(['spawn', '--task', 'cheap', '--budget', '1', ...at()]),
    run(['spawn', '--task', 'expensive', '--budget', '0.0001', '--json', ...at()]),
    run(['spawn', '--task', 'free', '--model', 'unpriced/echo', '--budget', '1', '--json', ...at()]),
  ])
  expect(within).toMatchObject({ code: 0, stdout: 'Echo: cheap\n' })
  expect(beyond.code).toBe(1)
  expect(JSON.parse(beyond.stdout)).toMatchObject({ ok: false, error: { reason: 'budget' } })
  expect(unpriced.code).toBe(1)
  expect(JSON.parse(unpriced.stdout)).toMatchObject({ ok: false, error: { reason: 'no-cost' } })
  const stopped = gateway.requests.filter(({ method }) => method === 'sessions.abort')
  const tooMuch = gateway.state.sends.filter(({ message }) => ['expensive', 'free'].includes(message))
  expect(stopped.map(({ params }) => params['key'])).toEqual(tooMuch.map(({ sessionKey }) => sessionKey))
})

it('a failure is told with what to do, ends with 1, and repeats no secret', async () => {
  const { code, stdout, stderr } = await run(['status', ...at()], { TOKEN: 'hunter2-is-wrong' })
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/gateway token mismatch\nThe token is not the gateway’s/)
  expect(stderr).not.toContain('hunter2')
})

it('the published command ends by itself, with the real gateway and with the mock', async () => {
  const env = { TOKEN: gateway.token }
  const [status, list, mock] = await Promise.all([
    command.run(['openclaw', 'status', '--json', ...at()], { env }),
    command.run(['openclaw', 'sessions', 'list', ...at()], { env }),
    command.run(['openclaw', 'send', '--session', 'main', 'hello', '--mock']),
  ])
  expect([status.code, list.code, mock.code]).toEqual([0, 0, 0])
  expect(JSON.parse(status.stdout)).toMatchObject({ ok: true })
  expect(list.stdout).toContain('agent:main:main')
  expect(mock.stdout).toBe('Echo: hello\n')
})

it('watch prints events until it is told to end', async () => {
  const child = command.start(['openclaw', 'watch', '--json', ...at()], { env: { TOKEN: gateway.token } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await expect.poll(() => output).toContain('"connected"')
  gateway.tick()
  await expect.poll(() => output).toContain('{"event":"tick"')
  child.kill('SIGTERM')
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(0)
})

describe('the mock', () => {
  it('is asked for by name', async () => {
    const [flag, variable] = await Promise.all([
      run(['send', '--session', 'main', 'hello', '--mock']),
      run(['call', 'status', '--json'], { OPENCLAW_MODE: 'mock' }),
    ])
    expect(flag).toEqual({
      code: 0,
      stdout: 'Echo: hello\n',
      stderr: expect.stringContaining('the mock') as string,
    })
    expect(JSON.parse(variable.stdout)).toMatchObject({ ok: true, result: { runtimeVersion: 'mock' } })
  })

  it('is never a way out', async () => {
    const dead = ['--url', 'ws://127.0.0.1:1', '--token-env', 'TOKEN']
    const { code, stdout } = await run(['status', '--json', '--real', ...dead], { OPENCLAW_MODE: 'mock' })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { name: 'TransportError' } })
  })
})

it.each([
  [['send', '--session', 'main', 'hello'], { OPENCLAW_SHELL: 'exec' }, /shell of an agent/],
  [['sessions', 'send', 'main', 'hello'], { OPENCLAW_SHELL: 'exec' }, /shell of an agent/],
  [['spawn', '--task', 'x'], { OPENCLAW_SHELL: 'exec' }, /shell of an agent/],
  [['call', 'chat.send', '{}'], { OPENCLAW_SHELL: 'exec' }, /shell of an agent/],
  [['call', 'status', '[]'], {}, /JSON object/],
  [['status', '--port', '0'], {}, /whole number/],
  [['status', '--url', 'ftp://host'], {}, /url: expected a URL/],
  [['status', '--mock', '--url', 'ws://host'], {}, /cannot be used with/],
  [['status'], { OPENCLAW_MODE: 'fake' }, /OPENCLAW_MODE: expected mock or real/],
  [['spawn', '--task', 'x', '--budget', 'much'], {}, /dollars/],
])('wrong usage ends with 2: %j', async (args, env, expected) => {
  const { code, stderr } = await run(args, env)
  expect(code).toBe(2)
  expect(stderr).toMatch(expected)
})
