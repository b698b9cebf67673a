import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDiscordTransport, type TransportOptions } from '../../src/index.js'

const PROXY_NAMES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']
const LIST_NAMES = ['NO_PROXY', 'no_proxy', 'GLOBAL_AGENT_NO_PROXY']
const NAMES = [...PROXY_NAMES, ...LIST_NAMES, 'OPENCLAW_PROXY_URL']

/** As the process has it while a test runs; an absent variable is not in it. */
function environment(): Record<string, string> {
  return Object.fromEntries(
    NAMES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

function setEnvironment(values: Readonly<Record<string, string>>): void {
  for (const name of NAMES) Reflect.deleteProperty(process.env, name)
  Object.assign(process.env, values)
}

let before: Record<string, string>
beforeEach(() => {
  before = environment()
  setEnvironment({})
})
afterEach(() => setEnvironment(before))

const PROXY = 'http://us%40er:p%3Aw@127.0.0.1:3128'

/** The environment while a transport of these options exports it. */
async function exported(
  options: TransportOptions,
  scope: 'discord' | 'all' = 'discord',
): Promise<Record<string, string>> {
  const transport = createDiscordTransport(options)
  transport.install({ environment: 'export', scope })
  const during = environment()
  await transport.close()
  return during
}

test('by default no variable changes', async () => {
  setEnvironment({ NO_PROXY: 'a.example' })
  const transport = createDiscordTransport({ proxy: PROXY })
  transport.install()
  expect(environment()).toEqual({ NO_PROXY: 'a.example' })
  await transport.close()
})

test('export sets the proxy in both cases, and no list leads around an explicit one', async () => {
  setEnvironment({ NO_PROXY: 'discord.com', HTTPS_PROXY: 'http://other.example:1' })
  const outer = environment()
  expect(await exported({ proxy: PROXY })).toEqual({
    ...Object.fromEntries(PROXY_NAMES.map((name) => [name, PROXY])),
    ...Object.fromEntries(LIST_NAMES.map((name) => [name, ''])),
  })
  expect(environment()).toEqual(outer)
})

test('with OPENCLAW_PROXY_URL no list counts while it is active, and absent ones are absent afterwards', async () => {
  setEnvironment({ OPENCLAW_PROXY_URL: PROXY, no_proxy: '*', GLOBAL_AGENT_NO_PROXY: 'discord.com' })
  const outer = environment()
  const during = await exported({})
  for (const name of LIST_NAMES) expect(during[name]).toBe('')
  expect(during).toMatchObject({ OPENCLAW_PROXY_URL: PROXY, HTTPS_PROXY: PROXY, http_proxy: PROXY })
  expect(environment()).toEqual(outer)
})

test('with HTTPS_PROXY its own list stays, and HTTP_PROXY keeps its own proxy', async () => {
  const plain = 'http://127.0.0.1:8080'
  setEnvironment({ HTTPS_PROXY: PROXY, HTTP_PROXY: plain, NO_PROXY: 'a.example, .b.example' })
  const during = await exported({}, 'all')
  expect(during).toMatchObject({
    HTTPS_PROXY: PROXY,
    https_proxy: PROXY,
    HTTP_PROXY: plain,
    http_proxy: plain,
    NO_PROXY: 'a.example,.b.example',
    no_proxy: 'a.example,.b.example',
  })
})

test('stop() leaves alone what other code has changed since', async () => {
  const transport = createDiscordTransport({ proxy: PROXY })
  using installed = transport.install({ environment: 'export' })
  process.env['HTTPS_PROXY'] = 'http://mine.example:1'
  installed.stop()
  expect(environment()).toEqual({ HTTPS_PROXY: 'http://mine.example:1' })
  await transport.close()
})

test('setProxy() changes the variables, and stop() restores those of before', async () => {
  setEnvironment({ HTTP_PROXY: 'http://old.example:1' })
  const transport = createDiscordTransport({ proxy: PROXY })
  using installed = transport.install({ environment: 'export' })
  transport.setProxy('socks5://127.0.0.1:1080')
  expect(environment()).toMatchObject({ HTTPS_PROXY: 'socks5://127.0.0.1:1080', NO_PROXY: '' })
  installed.stop()
  expect(environment()).toEqual({ HTTP_PROXY: 'http://old.example:1' })
  transport.setProxy(PROXY)
  expect(environment()).toEqual({ HTTP_PROXY: 'http://old.example:1' })
  await transport.close()
})

test('a PAC script cannot be exported, and the error says so', () => {
  const transport = createDiscordTransport({ proxy: 'pac+http://127.0.0.1:9/proxy.pac' })
  expect(() => transport.install({ environment: 'export' })).toThrow(/environment: 'export'/)
  return transport.close()
})
