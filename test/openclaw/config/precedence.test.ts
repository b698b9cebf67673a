import { describe, expect, test } from 'vitest'
import type { OpenClawOptions } from '../../../src/openclaw/index.js'
import { expectNoneShown } from '../../config/secrecy.js'
import { errorOf, read, URLS } from './configuration.js'

/** Everything that can set the proxy, in its order. */
const LEVELS = ['account', 'channel', 'managed', 'variable', 'option', 'https'] as const
type Level = (typeof LEVELS)[number]

const SOURCES: Readonly<Record<Level, string>> = {
  account: 'channels.discord.accounts.ops.proxy',
  channel: 'channels.discord.proxy',
  managed: 'proxy.proxyUrl',
  variable: 'OPENCLAW_PROXY_URL',
  option: 'config',
  https: 'HTTPS_PROXY',
}

function optionsWith(levels: readonly Level[]): OpenClawOptions {
  const has = (level: Level): boolean => levels.includes(level)
  return {
    account: 'ops',
    config: {
      channels: {
        discord: {
          ...(has('channel') && { proxy: URLS.channel }),
          accounts: { ops: has('account') ? { proxy: URLS.account } : {} },
        },
      },
      ...(has('managed') && { proxy: { proxyUrl: URLS.managed } }),
    },
    env: {
      ...(has('variable') && { OPENCLAW_PROXY_URL: URLS.variable }),
      ...(has('https') && { HTTPS_PROXY: URLS.https }),
    },
    ...(has('option') && { proxy: URLS.option }),
  }
}

const subsets = (levels: readonly Level[]): Level[][] =>
  levels.reduce<Level[][]>((sets, level) => [...sets, ...sets.map((set) => [...set, level])], [[]])

describe('of all settings of the proxy', () => {
  test('the first in the order decides, in each of the 64 combinations', async () => {
    for (const levels of subsets(LEVELS)) {
      const { transport, source } = await read(optionsWith(levels))
      const [first] = levels
      expect([levels, source]).toEqual([levels, first === undefined ? null : SOURCES[first]])
      expect(transport.proxy?.url).toBe(first === undefined ? undefined : URLS[first])
      expect(transport.proxy?.source ?? null).toBe(source)
    }
  })

  test("the operator's comes first with preferManaged", async () => {
    const order: readonly Level[] = ['managed', 'variable', 'account', 'channel', 'option', 'https']
    for (const levels of subsets(order)) {
      const { source } = await read({ ...optionsWith(levels), preferManaged: true })
      const [first] = levels
      expect([levels, source]).toEqual([levels, first === undefined ? null : SOURCES[first]])
    }
  })

  test('a blank one is unset', async () => {
    const config = {
      channels: { discord: { proxy: URLS.channel, accounts: { ops: { proxy: '  ' } } } },
      proxy: { proxyUrl: '' },
    }
    expect((await read({ config, account: 'ops' })).source).toBe('channels.discord.proxy')
    const blank = { channels: { discord: { proxy: '' } }, proxy: { proxyUrl: ' ' } }
    expect((await read({ config: blank })).source).toBeNull()
  })

  test('an account without a proxy of its own has the one of the channel, any other its own', async () => {
    const config = {
      channels: { discord: { proxy: URLS.channel, accounts: { a: { proxy: URLS.account }, b: {} } } },
    }
    expect((await read({ config, account: 'a' })).transport.proxy?.url).toBe(URLS.account)
    expect((await read({ config, account: 'b' })).transport.proxy?.url).toBe(URLS.channel)
  })

  test.each([
    ['account', 'htp://x'],
    ['channel', 'http://host:99999'],
    ['managed', 'http://secret-user:secret-pass@'],
    ['variable', 'http//secret-host'],
    ['https', 'http://user:secret-pass@h:x'],
  ] as const)('an unusable URL of the %s throws although a lower one is usable', async (level, url) => {
    const lower = LEVELS.slice(LEVELS.indexOf(level)).filter((one) => one !== 'option')
    const text = JSON.stringify(optionsWith(lower))
    const broken = JSON.parse(text.replace(URLS[level], url)) as OpenClawOptions
    const error = await errorOf(read(broken))
    expect(error.code).toBe('ERR_PROXY_CONFIG')
    expect(error.message.startsWith(`${SOURCES[level]}: `)).toBe(true)
    expectNoneShown(error, ['secret-user', 'secret-pass', 'secret-host'])
  })

  test('an unusable URL that does not decide is not looked at', async () => {
    const config = {
      channels: { discord: { proxy: URLS.channel } },
      proxy: { proxyUrl: 'nonsense://${NOPE}' },
    }
    expect((await read({ config })).transport.proxy?.url).toBe(URLS.channel)
  })

  test('a proxy that is no string throws', async () => {
    const error = await errorOf(read({ config: { channels: { discord: { proxy: 3128 } } } }))
    expect(error.message).toBe('channels.discord.proxy: must be a string')
  })
})

describe('proxy.enabled', () => {
  test('false leaves out the setting and the variable, and nothing else', async () => {
    const config = { proxy: { enabled: false, proxyUrl: URLS.managed } }
    const env = { OPENCLAW_PROXY_URL: URLS.variable }
    expect((await read({ config, env })).source).toBeNull()
    expect((await read({ config, env: { ...env, HTTPS_PROXY: URLS.https } })).source).toBe('HTTPS_PROXY')
    const discord = { ...config, channels: { discord: { proxy: URLS.channel } } }
    expect((await read({ config: discord, env })).source).toBe('channels.discord.proxy')
  })

  test('true without a URL throws, although OpenClaw itself would connect directly', async () => {
    for (const config of [
      { proxy: { enabled: true } },
      { proxy: { enabled: true, proxyUrl: ' ' }, channels: { discord: { proxy: URLS.channel } } },
    ]) {
      const error = await errorOf(read({ config, env: { HTTPS_PROXY: URLS.https } }))
      expect(error.code).toBe('ERR_PROXY_CONFIG')
      expect(error.message).toMatch(
        /^proxy\.enabled: is true, but neither proxy\.proxyUrl nor OPENCLAW_PROXY_URL/,
      )
      expect(error.hint).toContain('Set proxy.proxyUrl')
    }
    const { source } = await read({
      config: { proxy: { enabled: true } },
      env: { OPENCLAW_PROXY_URL: URLS.variable },
    })
    expect(source).toBe('OPENCLAW_PROXY_URL')
  })

  test('is a boolean', async () => {
    const error = await errorOf(read({ config: { proxy: { enabled: 'false' } } }))
    expect(error).toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      message: 'proxy.enabled: must be true or false',
    })
  })
})

describe('a note', () => {
  const both = { channels: { discord: { proxy: URLS.channel } }, proxy: { proxyUrl: URLS.managed } }

  test("says that the channel's proxy bypasses the operator's, and the other way round", async () => {
    const [note] = (await read({ config: both })).notes
    expect(note).toMatch(/^channels\.discord\.proxy is used and bypasses the operator's proxy\.proxyUrl\./)
    const [managed] = (await read({ config: both, preferManaged: true })).notes
    expect(managed).toMatch(/^The operator's proxy\.proxyUrl is used; channels\.discord\.proxy is bypassed/)
    const variable = await read({
      config: { channels: both.channels },
      env: { OPENCLAW_PROXY_URL: URLS.variable },
    })
    expect(variable.notes[0]).toContain("bypasses the operator's OPENCLAW_PROXY_URL")
  })

  test('is not there where nothing is bypassed', async () => {
    const same = { channels: { discord: { proxy: URLS.managed } }, proxy: { proxyUrl: URLS.managed } }
    expect((await read({ config: same })).notes).toEqual([])
    expect((await read({ config: both, env: {} })).notes).toHaveLength(1)
    expect((await read({ config: { proxy: { proxyUrl: URLS.managed } } })).notes).toEqual([])
  })

  test('says where OpenClaw itself would go direct, or refuse the file', async () => {
    const channel = await read({ config: { channels: { discord: { proxy: 'socks5://127.0.0.1:1080' } } } })
    expect(channel.notes).toEqual([
      expect.stringMatching(/^channels\.discord\.proxy has the scheme socks5:\/\//),
    ])
    expect(channel.notes[0]).toContain('without a proxy')
    const managed = await read({ config: { proxy: { proxyUrl: 'socks5://127.0.0.1:1080' } } })
    expect(managed.notes[0]).toMatch(/^proxy\.proxyUrl has the scheme socks5:\/\/.*takes http/)
  })

  test('says that the option proxy is not used', async () => {
    const { notes } = await read({ config: both, proxy: URLS.option })
    expect(notes.at(-1)).toBe('The option proxy is not used, because channels.discord.proxy is set.')
  })
})

test("no bypass list makes holes in the operator's proxy", async () => {
  const noProxy = ['discord.com']
  const env = { NO_PROXY: 'discord.com' }
  const routeOf = async (options: OpenClawOptions): Promise<string> =>
    (await read(options)).transport.explain('https://discord.com/').route
  const managed = { proxy: { proxyUrl: URLS.managed } }
  expect(await routeOf({ config: managed, env, noProxy })).toBe('proxy')
  expect(await routeOf({ config: {}, env: { ...env, OPENCLAW_PROXY_URL: URLS.variable }, noProxy })).toBe(
    'proxy',
  )
  const channel = { channels: { discord: { proxy: URLS.channel } } }
  expect(await routeOf({ config: channel, env })).toBe('proxy')
  expect(await routeOf({ config: channel, env, noProxy })).toBe('direct')
  expect(await routeOf({ config: {}, env: { ...env, HTTPS_PROXY: URLS.https } })).toBe('direct')
})
