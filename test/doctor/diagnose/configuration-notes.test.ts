import { describe, expect, test } from 'vitest'
import { parseOptions, resolveProxy, type TransportOptions } from '../../../src/config/index.js'
import {
  configurationNotes,
  type ConfigurationNote,
  type NoteCode,
} from '../../../src/doctor/diagnose/configuration-notes.js'
import { DISCORD_TARGETS } from '../../../src/discord/hosts.js'
import { TransportError } from '../../../src/index.js'

function notes(
  env: Record<string, string>,
  { inContainer = false, ...options }: TransportOptions & { inContainer?: boolean } = {},
): readonly ConfigurationNote[] {
  const resolved = parseOptions({ ...options, env })
  const policy = ((): ReturnType<typeof resolveProxy> | null => {
    try {
      return resolveProxy(resolved)
    } catch (error) {
      if (error instanceof TransportError) return null
      throw error
    }
  })()
  return configurationNotes({
    env,
    policy,
    noProxy: resolved.noProxy,
    inContainer,
    tlsRejectUnauthorized: env['NODE_TLS_REJECT_UNAUTHORIZED'],
    targets: DISCORD_TARGETS,
  })
}

const codes = (found: readonly ConfigurationNote[]): readonly NoteCode[] => found.map(({ code }) => code)

describe('what lost, and what does not count', () => {
  test.each<
    [string, Record<string, string>, TransportOptions & { inContainer?: boolean }, readonly NoteCode[]]
  >([
    ['a lone HTTPS_PROXY is what it should be', { HTTPS_PROXY: 'http://p:1' }, {}, []],
    [
      'HTTP_PROXY alone is never used',
      { HTTP_PROXY: 'http://p:1' },
      {},
      ['http-proxy-unused', 'no-proxy-found'],
    ],
    ['nothing at all is direct', {}, {}, ['no-proxy-found']],
    [
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored here, and dangerous elsewhere',
      { HTTPS_PROXY: 'http://p:1', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      {},
      ['tls-verification-off'],
    ],
    [
      'NODE_TLS_REJECT_UNAUTHORIZED=1 switches nothing off',
      { HTTPS_PROXY: 'http://p:1', NODE_TLS_REJECT_UNAUTHORIZED: '1' },
      {},
      [],
    ],
    [
      'HTTPS_PROXY loses to OPENCLAW_PROXY_URL',
      { OPENCLAW_PROXY_URL: 'http://a:1', HTTPS_PROXY: 'http://b:1' },
      {},
      ['source-overridden'],
    ],
    [
      'the same value twice is no conflict',
      { OPENCLAW_PROXY_URL: 'http://a:1', HTTPS_PROXY: 'http://a:1' },
      {},
      [],
    ],
    [
      'every variable loses to the option',
      { HTTPS_PROXY: 'http://b:1', ALL_PROXY: 'http://c:1' },
      { proxy: 'http://a:1' },
      ['source-overridden', 'source-overridden'],
    ],
    [
      'upper and lower case differ',
      { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:1' },
      {},
      ['source-overridden', 'case-pair-differs'],
    ],
    [
      'NO_PROXY takes Discord out',
      { HTTPS_PROXY: 'http://a:1', NO_PROXY: '.discord.com' },
      {},
      ['no-proxy-matches'],
    ],
    [
      'NO_PROXY would match, but OPENCLAW_PROXY_URL is the policy',
      { OPENCLAW_PROXY_URL: 'http://a:1', NO_PROXY: 'discord.com' },
      {},
      ['no-proxy-not-counted'],
    ],
    [
      'NO_PROXY about others is nobody’s business',
      { OPENCLAW_PROXY_URL: 'http://a:1', NO_PROXY: 'corp' },
      {},
      [],
    ],
    [
      'an entry that cannot be read',
      { HTTPS_PROXY: 'http://a:1', NO_PROXY: '10.0.0.0/99' },
      {},
      ['no-proxy-unreadable'],
    ],
    [
      'loopback in a container',
      { HTTPS_PROXY: 'http://localhost:7890' },
      { inContainer: true },
      ['loopback-in-container'],
    ],
    ['loopback outside of one', { HTTPS_PROXY: 'http://127.0.0.1:7890' }, {}, []],
    ['another host in a container', { HTTPS_PROXY: 'http://10.0.0.1:7890' }, { inContainer: true }, []],
    [
      'a source that is not usable',
      { HTTPS_PROXY: 'ftp://x', HTTP_PROXY: 'http://p:1' },
      {},
      ['http-proxy-unused'],
    ],
  ])('%s', (_title, env, options, expected) => {
    expect(codes(notes(env, options))).toEqual(expected)
  })

  test.each<[string, Record<string, string>, string]>([
    [
      'takes out',
      { HTTPS_PROXY: 'http://a:1', NO_PROXY: '.discord.gg' },
      'WITHOUT the proxy: gateway.discord.gg, since NO_PROXY entry .discord.gg matches.',
    ],
    [
      'would take out',
      { OPENCLAW_PROXY_URL: 'http://a:1', NO_PROXY: '*' },
      'which would match discord.com, gateway.discord.gg, cdn.discordapp.com, but',
    ],
  ])('the note names every host of Discord that the bypass list %s', (_title, env, expected) => {
    const found = notes(env)
    expect(found).toHaveLength(1)
    expect(found[0]?.text).toContain(expected)
  })

  test('no note shows a credential', () => {
    const secret = 'hunter2-hunter2'
    const found = notes({
      OPENCLAW_PROXY_URL: `http://me:${secret}@a:1`,
      HTTPS_PROXY: `http://me:${secret}@b:1`,
      https_proxy: `http://me:${secret}/broken@c:1`,
      NO_PROXY: `me:${secret}@discord.com`,
    })
    expect(codes(found)).toContain('source-overridden')
    expect(JSON.stringify(found)).not.toContain(secret)
  })
})

describe('the process-wide mode', () => {
  const noted = (installation: { replacedHooks: readonly string[]; directPreload: boolean }) =>
    configurationNotes({
      env: { HTTPS_PROXY: 'http://p:1' },
      policy: null,
      noProxy: 'env',
      inContainer: false,
      tlsRejectUnauthorized: undefined,
      targets: DISCORD_TARGETS,
      installation,
    })

  test('hooks that other code has replaced are named', () => {
    const [note] = noted({ replacedHooks: ['fetch', 'net.connect'], directPreload: false })
    expect(note).toMatchObject({ code: 'hooks-replaced' })
    expect(note?.text).toContain('fetch, net.connect')
  })

  test('a preload that looked for a proxy too early is named, with the variable', () => {
    const [note] = noted({ replacedHooks: [], directPreload: true })
    expect(note).toMatchObject({ code: 'preload-too-late' })
    expect(note?.text).toContain('HTTPS_PROXY')
  })
})
