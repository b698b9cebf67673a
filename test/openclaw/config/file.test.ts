import { link, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectNoneShown } from '../../config/secrecy.js'
import { errorOf, homeWith, read, readHome, URLS } from './configuration.js'

const proxyOf = (url: string): object => ({ proxy: { proxyUrl: url } })

describe('the file', () => {
  const CURRENT = proxyOf('http://current.example:1')
  const OLDER = proxyOf('http://older.example:1')
  const FILES = {
    '.openclaw/openclaw.json': CURRENT,
    '.openclaw/clawdbot.json': OLDER,
    '.clawdbot/openclaw.json': OLDER,
    'state/clawdbot.json': proxyOf('http://state.example:1'),
    '.openclaw-work/openclaw.json': proxyOf('http://profile.example:1'),
    'other.json': proxyOf('http://other.example:1'),
  }

  test.each([
    ['~/.openclaw/openclaw.json', {}, 'current'],
    ['the state directory', { OPENCLAW_STATE_DIR: '~/state' }, 'state'],
    ['no profile, by its variable alone', { OPENCLAW_PROFILE: 'work' }, 'current'],
    [
      'the state directory that `openclaw --profile work` sets',
      { OPENCLAW_PROFILE: 'work', OPENCLAW_STATE_DIR: '~/.openclaw-work' },
      'profile',
    ],
    ['the default profile', { OPENCLAW_PROFILE: 'default' }, 'current'],
    ['a path', { OPENCLAW_CONFIG_PATH: '~/other.json', OPENCLAW_STATE_DIR: '~/state' }, 'other'],
    [
      'blank variables',
      { OPENCLAW_CONFIG_PATH: ' ', OPENCLAW_STATE_DIR: '', OPENCLAW_PROFILE: '' },
      'current',
    ],
  ])('is that of %s', async (_what, env, host) => {
    const { transport } = await readHome(FILES, { env })
    expect(transport.proxy?.host).toBe(`${host}.example`)
  })

  test('of a profile that its variable alone does not lead to is named in a note', async () => {
    const env = { OPENCLAW_PROFILE: 'work' }
    const noted = await readHome(FILES, { env })
    expect(noted.notes).toEqual([expect.stringContaining('.openclaw-work is not read')])
    const led = [
      { env: { ...env, OPENCLAW_STATE_DIR: '~/.openclaw-work' } },
      { env: { ...env, OPENCLAW_CONFIG_PATH: '~/other.json' } },
      { env: { OPENCLAW_PROFILE: 'Default' } },
      { env: { OPENCLAW_PROFILE: 'no-such-profile' } },
    ]
    for (const options of led) expect((await readHome(FILES, options)).notes).toEqual([])
  })

  test('has the names of older versions where there is no current one', async () => {
    const { transport } = await readHome({ '.clawdbot/clawdbot.json': OLDER })
    expect(transport.proxy?.host).toBe('older.example')
  })

  test('is found below OPENCLAW_HOME, HOME, or USERPROFILE, of which "undefined" is none', async () => {
    const home = await homeWith({ '.openclaw/openclaw.json': CURRENT })
    for (const env of [
      { OPENCLAW_HOME: home, HOME: '/' },
      { HOME: 'undefined', USERPROFILE: home },
    ])
      expect((await read({ env })).transport.proxy?.host).toBe('current.example')
  })

  test('that is missing is an empty configuration, with a note; a path that is given must exist', async () => {
    const home = await homeWith({})
    const { source, notes } = await read({ env: { HOME: home, HTTPS_PROXY: URLS.https } })
    expect([source, notes]).toEqual(['HTTPS_PROXY', [expect.stringContaining(join(home, '.openclaw'))]])
    const error = await errorOf(read({ env: {}, path: join(home, 'nope.json') }))
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS', message: 'path: the file does not exist' })
  })

  test('is JSON5', async () => {
    const text = `// comment\n{ channels: { discord: { proxy: 'http://a.example:1', /* b */ }, }, mode: +0x1F, }`
    expect((await readHome({ '.openclaw/openclaw.json': text })).transport.proxy?.host).toBe('a.example')
  })

  test('that is no JSON5 is an error with its place, without a part of it', async () => {
    const text = '{ channels: {\n  discord: { token: "secret-token" "proxy": 1 } } }'
    const error = await errorOf(readHome({ '.openclaw/openclaw.json': text }))
    expect(error.message).toMatch(/^path: is not JSON5 \(line 2, column \d+\)$/)
    expectNoneShown(error, ['secret-token'])
  })

  test('must hold an object, and be a regular file', async () => {
    expect((await errorOf(readHome({ '.openclaw/openclaw.json': '[]' }))).message).toBe(
      'path: must be an object',
    )
    const home = await homeWith({ '.openclaw/openclaw.json/a': '' })
    expect((await errorOf(read({ env: { HOME: home } }))).message).toBe(
      'path: the file is not a regular file',
    )
    expect((await errorOf(read({ config: [] }))).message).toBe('config: must be an object')
  })
})

describe('$include', () => {
  test('puts a file in its place; arrays are joined, objects merged, keys beside it come last', async () => {
    const { transport, accounts, source } = await readHome({
      '.openclaw/openclaw.json': {
        channels: {
          discord: { $include: ['./a.json5', 'parts/b.json'], proxy: 'http://own.example:1', allow: ['3'] },
        },
      },
      '.openclaw/a.json5': "{ proxy: 'http://a.example:1', accounts: { a: {} }, allow: ['1'] } // first",
      '.openclaw/parts/b.json': { $include: './c.json', accounts: { b: {} } },
      '.openclaw/parts/c.json': { accounts: { c: { proxy: 'http://c.example:1' } } },
    })
    expect(transport.proxy?.host).toBe('own.example')
    expect([accounts, source]).toEqual([['a', 'b', 'c'], 'channels.discord.proxy'])
  })

  const including = (include: unknown, files: Readonly<Record<string, unknown>> = {}) =>
    readHome(
      { 'conf/openclaw.json': { channels: { $include: include } }, ...files },
      {
        env: { OPENCLAW_STATE_DIR: '~/conf' },
      },
    )

  test.each([
    ['a number', 1, {}, 'must be a path or a list of paths'],
    ['a missing file', './no.json', {}, './no.json does not exist'],
    ['a file above', '../secret.json', { 'secret.json': {} }, '../secret.json lies outside the directory'],
    ['an absolute path', '/etc/passwd', {}, '/etc/passwd lies outside'],
    ['itself', './openclaw.json', {}, './openclaw.json includes itself, by way of openclaw.json'],
    [
      'a circle',
      './a.json',
      { 'conf/a.json': { $include: './b.json' }, 'conf/b.json': { $include: './a.json' } },
      'includes itself, by way of openclaw.json, a.json, b.json',
    ],
    ['no JSON', './a.json', { 'conf/a.json': '{ token: "secret-token"' }, 'is not JSON5'],
    [
      'too much',
      './a.json',
      { 'conf/a.json': `{}${' '.repeat(2 * 1024 * 1024)}` },
      'is larger than 2097152 bytes',
    ],
    ['a NUL', './a\0.json', {}, 'the path is too long or holds a NUL'],
  ])('of %s is refused', async (_what, include, files, message) => {
    const error = await errorOf(including(include, files))
    expect(error.code).toBe('ERR_INVALID_OPTIONS')
    expect(error.message).toMatch(/^channels\.(?:\$include|discord)/)
    expect(error.message).toContain(message)
    expectNoneShown(error, ['secret-token'])
  })

  test('goes ten files deep and not eleven', async () => {
    const chain = (depth: number): Record<string, unknown> =>
      Object.fromEntries(
        Array.from({ length: depth }, (_, at) => [
          `conf/${at}.json`,
          at === depth - 1
            ? { discord: { proxy: 'http://deep.example:1' } }
            : { $include: `./${at + 1}.json` },
        ]),
      )
    expect((await including('./0.json', chain(10))).transport.proxy?.host).toBe('deep.example')
    expect((await errorOf(including('./0.json', chain(11)))).message).toContain('more than 10 files deep')
  })

  test('beside other keys must be an object', async () => {
    const error = await errorOf(
      readHome({
        '.openclaw/openclaw.json': { a: { $include: './l.json', b: 1 } },
        '.openclaw/l.json': '[1]',
      }),
    )
    expect(error.message).toContain('a.$include: stands beside other keys')
  })

  test.skipIf(process.platform === 'win32')('does not leave the directory by a link', async () => {
    const home = await homeWith({
      'conf/openclaw.json': { $include: './linked.json' },
      'secret.json': { proxy: { proxyUrl: 'http://allowed.example:1' } },
    })
    await symlink(join(home, 'secret.json'), join(home, 'conf/linked.json'))
    const env = { HOME: home, OPENCLAW_STATE_DIR: join(home, 'conf') }
    const error = await errorOf(read({ env }))
    expect(error.message).toContain('lies outside the directory')
    expect(error.hint).toContain('OPENCLAW_INCLUDE_ROOTS')
    const allowed = await read({ env: { ...env, OPENCLAW_INCLUDE_ROOTS: home } })
    expect(allowed.transport.proxy?.host).toBe('allowed.example')
    const hard = await homeWith({ 'secret.json': {}, 'conf/openclaw.json': { $include: './linked.json' } })
    await link(join(hard, 'secret.json'), join(hard, 'conf/linked.json'))
    const state = { HOME: hard, OPENCLAW_STATE_DIR: join(hard, 'conf') }
    expect((await errorOf(read({ env: state }))).message).toContain('more than one name')
  })

  test('never sets what every object inherits', async () => {
    const text =
      '{ "$include": "./a.json", "__proto__": { "proxy": { "proxyUrl": "http://evil.example:1" } } }'
    const files = {
      '.openclaw/openclaw.json': text,
      '.openclaw/a.json': '{ "constructor": {}, "__proto__": {} }',
    }
    expect((await readHome(files)).source).toBeNull()
    expect('proxy' in {}).toBe(false)
  })

  test('is resolved in an object too, where a path says which file it came from', async () => {
    const home = await homeWith({ 'a.json': { proxy: 'http://a.example:1' } })
    const config = { channels: { discord: { $include: './a.json' } } }
    const { transport } = await read({ config, path: join(home, 'openclaw.json') })
    expect(transport.proxy?.host).toBe('a.example')
  })
})
