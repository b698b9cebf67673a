import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createDiscordTransport, TransportError } from '../../src/index.js'
import { parseGatewayOptions } from '../../src/gateway/options/parse.js'

const SECRET = 'MTIz.GabcdE.secret-of-the-bot'
const presence = { status: 'online', activities: [], since: null, afk: false }
const basic = { token: SECRET, intents: 513 }

function problemsOf(input: unknown, env: Record<string, string> = {}): string {
  try {
    parseGatewayOptions(input, env)
  } catch (error) {
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTIONS' })
    expect(inspect(error)).not.toContain(SECRET)
    if (error instanceof Error) return error.message
  }
  return ''
}

describe('options of a gateway', () => {
  it('have their defaults', () => {
    const options = parseGatewayOptions({ ...basic, token: `Bot ${SECRET}` }, {})
    expect({ ...options }).toEqual({
      token: expect.any(Function) as unknown,
      intents: 513,
      shards: { ids: [0], total: 1 },
      properties: { os: process.platform, browser: 'discord-transport', device: 'discord-transport' },
      compression: 'auto',
      maxPayload: 67_108_864,
      gatewayInfoTimeoutMs: 30_000,
      gatewayReadyTimeoutMs: 15_000,
      gatewayRuntimeReadyTimeoutMs: 30_000,
      backoffBaseMs: 1_000,
      backoffMaxMs: 30_000,
      maxQueuedSends: 1_000,
    })
    expect(options.token()).toBe(SECRET)
    expect(inspect(options, { showHidden: true, getters: true })).not.toContain(SECRET)
    expect(JSON.stringify(options)).not.toContain(SECRET)
  })

  it('take their timeouts from the environment where they are left out', () => {
    const env = {
      OPENCLAW_DISCORD_GATEWAY_INFO_TIMEOUT_MS: '5000',
      OPENCLAW_DISCORD_READY_TIMEOUT_MS: ' 6000 ',
      OPENCLAW_DISCORD_RUNTIME_READY_TIMEOUT_MS: '',
    }
    expect(parseGatewayOptions({ ...basic, gatewayReadyTimeoutMs: 7_000 }, env)).toMatchObject({
      gatewayInfoTimeoutMs: 5_000,
      gatewayReadyTimeoutMs: 7_000,
      gatewayRuntimeReadyTimeoutMs: 30_000,
    })
    expect(parseGatewayOptions(basic, env)).toMatchObject({ gatewayReadyTimeoutMs: 6_000 })
  })

  it.each([
    [{ intents: 1 }, "token: must be the bot's token"],
    [{ ...basic, token: 'two words' }, "token: must be the bot's token, one word"],
    [{ ...basic, token: 'Bot ' }, "token: must be the bot's token, one word"],
    [{ ...basic, intents: -1 }, 'intents: must be a whole number from 0 to 2147483647'],
    [{ ...basic, intents: '1' }, 'intents: must be a whole number'],
    [{ ...basic, intents: 1n }, 'intents: must be a whole number'],
    [{ ...basic, intents: ['Guilds'] }, 'intents: must be a whole number'],
    [{ ...basic, shards: 0 }, "shards: must be 'auto', a number of 1 or more, or [ids, total]"],
    [{ ...basic, shards: [[2], 2] }, "shards: must be 'auto', a number of 1 or more, or [ids, total]"],
    [{ ...basic, shards: [[0, 0], 2] }, "shards: must be 'auto'"],
    [{ ...basic, shards: [[], 2] }, "shards: must be 'auto'"],
    [{ ...basic, shards: Buffer.from([1]) }, "shards: must be 'auto'"],
    [{ ...basic, shards: [Buffer.from([0]), 1] }, "shards: must be 'auto'"],
    [
      { ...basic, compression: 'gzip' },
      "compression: must be 'auto', 'zstd-stream', 'zlib-stream' or 'none'",
    ],
    [{ ...basic, maxPayload: 1 }, 'maxPayload: must be a whole number of bytes from 1024'],
    [
      { ...basic, gatewayReadyTimeoutMs: 120_001 },
      'gatewayReadyTimeoutMs: must be a whole number of millisec',
    ],
    [{ ...basic, presence: 'online' }, 'presence: must be an object such as'],
    [{ ...basic, presence: { ...presence, since: 1n } }, 'presence: must be an object such as'],
    [{ ...basic, presence: { ...presence, more: 'x'.repeat(3_000) } }, 'of at most 3000 bytes of JSON'],
    [{ ...basic, properties: { os: 'linux' } }, 'properties.browser: must be a string'],
    [
      { ...basic, properties: { browzer: '' } },
      'browzer: is not an option; did you mean properties.browser?',
    ],
    [{ ...basic, largeThreshold: 10 }, 'largeThreshold: must be a whole number from 50 to 250'],
    [{ ...basic, intent: 1 }, 'intent: is not an option; did you mean intents?'],
    [null, 'options: must be an object such as { token, intents }'],
  ])('that are wrong are named with what was expected: %#', (input, message) => {
    expect(problemsOf(input)).toContain(message)
  })

  it('that are wrong in two ways are named once', () => {
    expect(problemsOf({ ...basic, intents: 2 ** 53 })).toBe(
      'intents: must be a whole number from 0 to 2147483647',
    )
  })

  it.each(['0', '-5', '1.5', 'soon', '120001'])('name a variable that holds %s', (value) => {
    expect(problemsOf(basic, { OPENCLAW_DISCORD_READY_TIMEOUT_MS: value })).toBe(
      'OPENCLAW_DISCORD_READY_TIMEOUT_MS: must be a whole number of milliseconds from 1 to 120000',
    )
  })

  it('are all reported at once, and by createGateway itself', async () => {
    await using transport = createDiscordTransport({ env: {} })
    expect(() => transport.createGateway({ token: '', intents: -1 })).toThrow(/token: .*; intents: /)
  })
})

describe('a session that is given back', () => {
  const session = {
    id: 'abc',
    sequence: 7,
    resumeUrl: 'wss://gateway-us-east1-b.discord.gg',
    shardId: 0,
    shardCount: 1,
  }

  it('may be one or several', () => {
    expect(parseGatewayOptions({ ...basic, session }, {}).session).toEqual([session])
    expect(parseGatewayOptions({ ...basic, session: [session] }, {}).session).toEqual([session])
  })

  it('may be null, as gateway.session is where there was none', () => {
    expect(parseGatewayOptions({ ...basic, session: null }, {}).session).toEqual([])
  })

  const ANY = 'must be a session as gateway.session or gateway.sessions gave it'

  it.each([
    [{ ...session, sequence: -1 }, 'session.sequence: must be a whole number of 0 or more'],
    [{ ...session, sequence: '7' }, 'session.sequence: must be a whole number of 0 or more'],
    [[session, { ...session, sequence: 0.5 }], 'session.1.sequence: must be a whole number of 0 or more'],
    [{ ...session, id: '' }, 'session.id: must be the id of a session'],
    [{ ...session, resumeUrl: 'ws://gateway.discord.gg' }, 'session.resumeUrl: must be a wss:// URL'],
    [{ ...session, resumeUrl: 'https://gateway.discord.gg' }, 'session.resumeUrl: must be a wss:// URL'],
    [{ ...session, resumeUrl: undefined }, 'session.resumeUrl: must be a wss:// URL'],
    ['abc', `session: ${ANY}`],
    [[null], `session.0: ${ANY}`],
    [Buffer.from('{}'), 'session.id: must be the id of a session; session.sequence: '],
  ])('is refused where it is not one, or would send the token in clear: %#', (wrong, message) => {
    expect(problemsOf({ ...basic, session: wrong })).toContain(message)
  })
})
