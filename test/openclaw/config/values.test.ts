import { chmod, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { OpenClawOptions } from '../../../src/openclaw/index.js'
import { expectNoneShown } from '../../config/secrecy.js'
import { errorOf, homeWith, read, readHome } from './configuration.js'

const FILE = '.openclaw/openclaw.json'

describe('a variable', () => {
  const config = { channels: { discord: { proxy: 'http://${WHO}:${PASS}@${HOST}:1' } } }

  test('comes from the process, .env of the state directory, gateway.env, env.vars, in this order', async () => {
    const layers = {
      '.openclaw/.env': 'A=env-file\nB=env-file\nexport C="env-file"\n# D=comment\n',
      '.config/openclaw/gateway.env': 'C=gateway-env\nD=gateway-env\n',
    }
    const env = {
      vars: { A: 'config', D: 'config', E: 'config', F: 'vars', EMPTY: 'config' },
      F: 'direct',
      shellEnv: {},
    }
    const proxy = 'http://${A}.${B}.${C}.${D}.${E}.${F}.${EMPTY}:1'
    const { transport } = await readHome(
      { [FILE]: { env, channels: { discord: { proxy } } }, ...layers },
      { env: { A: 'process', EMPTY: '' } },
    )
    expect(transport.proxy?.host).toBe('process.env-file.env-file.gateway-env.config.direct.config')
  })

  test('that is unset or empty is an error that names it, never a literal', async () => {
    for (const env of [
      { WHO: 'secret-user', PASS: 'secret-pass' },
      { WHO: 'secret-user', PASS: 'secret-pass', HOST: '' },
    ]) {
      const error = await errorOf(read({ config, env }))
      expect(error.code).toBe('ERR_INVALID_OPTIONS')
      expect(error.message).toBe('channels.discord.proxy: uses the variable HOST, which is not set')
      expect(error.hint).toContain('Set HOST in the environment')
      expect(error.hint).toContain('$${HOST}')
      expectNoneShown(error, ['secret-user', 'secret-pass'])
    }
  })

  test('that is unset where nobody reads it does no harm', async () => {
    const { source } = await read({
      config: { ...config, models: { key: '${NOPE}' } },
      env: { WHO: 'a', PASS: 'b', HOST: 'h' },
    })
    expect(source).toBe('channels.discord.proxy')
  })

  test('is upper case; $${NAME} and ${lower} are characters', async () => {
    const applicationId = '${A}-$${A}-${a}-$A-${A'
    const { applicationId: read1 } = await read({
      config: { channels: { discord: { applicationId } } },
      env: { A: '1' },
    })
    expect(read1).toBe('1-${A}-${a}-$A-${A')
  })

  test('that is blank leaves no proxy, and is refused', async () => {
    const error = await errorOf(
      read({ config: { channels: { discord: { proxy: '${P}' } } }, env: { P: '  ' } }),
    )
    expect(error.message).toBe('channels.discord.proxy: must not be empty')
  })

  test("of the configuration is the operator's too, but not HTTPS_PROXY and its kind", async () => {
    const vars = {
      OPENCLAW_PROXY_URL: 'http://vars.example:1',
      HTTPS_PROXY: 'http://https.example:1',
      NO_PROXY: '*',
    }
    const { source, notes } = await read({ config: { env: { vars } } })
    expect(source).toBe('OPENCLAW_PROXY_URL')
    expect(notes).toEqual([
      expect.stringMatching(/^env of the configuration sets HTTPS_PROXY, NO_PROXY, which OpenClaw/),
    ])
  })

  test.each(['https_proxy', 'Https_Proxy', 'all_proxy'])(
    'of the configuration in lower case does not count either: %s',
    async (name) => {
      const config = { env: { [name]: 'http://lower.example:1', no_proxy: '*' } }
      const { transport, notes } = await read({ config })
      expect(transport.proxy).toBeNull()
      expect(notes[0]).toContain(`env of the configuration sets ${name}, no_proxy, which OpenClaw`)
    },
  )

  test('of the configuration opens no way past a proxy', async () => {
    const env = { HTTPS_PROXY: 'http://https.example:1' }
    const { transport } = await read({ config: { env: { vars: { no_proxy: '*' } } }, env })
    expect(transport.explain('https://discord.com/').route).toBe('proxy')
  })

  test('of the state directory reaches the transport', async () => {
    const { source, transport } = await readHome({
      [FILE]: '{}',
      '.openclaw/.env': 'HTTPS_PROXY=http://https.example:1\n',
    })
    expect([source, transport.proxy?.host]).toEqual(['HTTPS_PROXY', 'https.example'])
  })
})

describe('the token', () => {
  const tokenOf = async (token: unknown, more: object = {}, options: OpenClawOptions = {}) =>
    (await read({ config: { channels: { discord: { token } }, ...more }, ...options })).token

  test('is that of the account, or inherited from the channel; DISCORD_BOT_TOKEN is for the account default', async () => {
    const accounts = { own: { token: 'own.t' }, blank: { token: ' ' }, none: {} }
    const config = { channels: { discord: { token: 'Bot channel.t', accounts } } }
    const env = { DISCORD_BOT_TOKEN: 'variable.t' }
    const tokens = await Promise.all(
      ['own', 'blank', 'none', 'default'].map(
        async (account) => (await read({ config, env, account })).token,
      ),
    )
    expect(tokens).toEqual(['own.t', undefined, 'channel.t', 'channel.t'])
    expect((await read({ config: {}, env })).token).toBe('variable.t')
    expect(
      (await read({ config: { channels: { discord: { accounts } } }, env, account: 'none' })).token,
    ).toBeUndefined()
  })

  test('is hidden from inspection, JSON and a spread', async () => {
    const result = await read({ config: { channels: { discord: { token: 'secret.token' } } } })
    expect(result.token).toBe('secret.token')
    expectNoneShown(result, ['secret.token'])
    expect(inspect(result, { getters: true })).not.toContain('secret.token')
    expect('token' in { ...result }).toBe(false)
  })

  test.each([
    ['$NAME'],
    ['${NAME}'],
    [{ source: 'env', id: 'NAME' }],
    [{ source: 'env', provider: 'default', id: 'NAME' }],
  ])('as the reference %j is the value of the variable', async (ref) => {
    expect(await tokenOf(ref, {}, { env: { NAME: 'Bot a.b.c' } })).toBe('a.b.c')
    const error = await errorOf(tokenOf(ref))
    expect(error.message).toBe('channels.discord.token: uses the variable NAME, which is not set')
    const fallback = await errorOf(tokenOf(ref, {}, { env: { DISCORD_BOT_TOKEN: 'other' } }))
    expect(fallback.message).toContain('NAME')
  })

  test('as a reference is held to the allow list of its provider', async () => {
    const providers = {
      mine: { source: 'env', allowlist: ['GOOD'] },
      vault: { source: 'exec', command: '/bin/x' },
    }
    const secrets = { defaults: { env: 'mine' }, providers }
    const env = { GOOD: 'g', BAD: 'b' }
    expect(await tokenOf('$GOOD', { secrets }, { env })).toBe('g')
    const denied = await errorOf(tokenOf('${BAD}', { secrets }, { env }))
    expect(denied.message).toContain(
      'refers to the variable BAD, which secrets.providers.mine.allowlist does not name',
    )
    const unknown = await errorOf(tokenOf({ source: 'env', provider: 'nope', id: 'GOOD' }, {}, { env }))
    expect(unknown.message).toContain('refers to the provider nope, which is not configured for env')
  })

  test.each(['exec', 'store', 'vault'])(
    'as a reference to %s is an error that says what to set instead',
    async (source) => {
      const error = await errorOf(tokenOf({ source, provider: 'default', id: 'X' }))
      expect(error.message).toBe(
        `channels.discord.token: refers to the source ${source}, which OpenClaw alone can resolve`,
      )
      expect(error.hint).toContain('source: "env"')
    },
  )

  test.each([[1], [{ id: 'X' }], [{ source: 'env' }], [{ source: 'env', id: 'lower' }], [[]]])(
    'as %j is an error that says what is expected',
    async (value) => {
      expect((await errorOf(tokenOf(value))).message).toMatch(
        /^channels\.discord\.token: must be a string, or a reference/,
      )
    },
  )

  describe('in a file', () => {
    const readFile = async (
      content: unknown,
      provider: object,
      id: string,
      spoil?: (path: string) => Promise<unknown>,
    ) => {
      const home = await homeWith({ 'secrets.json': content })
      const path = join(home, 'secrets.json')
      await spoil?.(path)
      const secrets = { providers: { files: { source: 'file', path: '~/secrets.json', ...provider } } }
      const ref = { source: 'file', provider: 'files', id }
      return tokenOf(ref, { secrets }, { env: { HOME: home } })
    }

    test('stands at a JSON pointer, or is all of it', async () => {
      expect(await readFile({ 'a/b': { 'c~': ['x', 'to.ken'] } }, {}, '/a~1b/c~0/1')).toBe('to.ken')
      expect(await readFile('to.ken\n', { mode: 'singleValue' }, 'value')).toBe('to.ken')
    })

    test.each([
      ['that is not there', {}, {}, '/a', 'has no string at its id'],
      ['by an id without a slash', { a: 'x' }, {}, 'a', 'has no string at its id'],
      ['by an inherited key', { a: 'x' }, {}, '/constructor/name', 'has no string at its id'],
      ['that is no JSON', 'secret-token', {}, '/a', 'is not a JSON object'],
      ['that is too large', { a: 'x' }, { maxBytes: 2 }, '/a', 'is larger than 2 bytes'],
      ['that does not exist', {}, { path: '~/nope' }, '/a', 'does not exist'],
    ])('%s is an error', async (_what, content, provider, id, message) => {
      const error = await errorOf(readFile(content, provider, id))
      expect(error.message).toMatch(/^channels\.discord\.token: the file of secrets\.providers\.files /)
      expect(error.message).toContain(message)
      expectNoneShown(error, ['secret-token'])
    })

    test.skipIf(process.platform === 'win32')('of others, or behind a link, is refused', async () => {
      const open = await errorOf(readFile({ a: 'x' }, {}, '/a', (path) => chmod(path, 0o640)))
      expect(open.message).toContain('can be read or written by other users (chmod 600)')
      const linked = await errorOf(
        readFile({ a: 'x' }, { path: '~/link' }, '/a', (path) => symlink(path, join(path, '../link'))),
      )
      expect(linked.message).toContain('is a symbolic link')
    })
  })
})
