import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { TransportError } from '../../src/index.js'
import { GatewayError } from '../../src/gateway/index.js'
import { failureOf, GatewayLab, INTENTS, next, recordDispatches } from './gateway-lab.js'

let lab: GatewayLab

afterEach(() => lab.close())

describe('connect()', () => {
  it('asks /gateway/bot, says hello and identifies, all of it through the proxy', async () => {
    lab = await GatewayLab.start()
    const gateway = lab.createGateway({ compression: 'none' })
    const dispatches = recordDispatches(gateway)
    expect(gateway.state).toBe('idle')
    const ready = next(gateway, 'ready')
    await gateway.connect()
    expect(gateway.state).toBe('ready')
    expect(await ready).toMatchObject({ v: 10, user: { id: lab.discord.user.id } })
    await dispatches.waitFor(({ t }) => t === 'GUILD_CREATE')
    expect(dispatches.all.map(({ s, t }) => [s, t])).toEqual([
      [1, 'READY'],
      [2, 'GUILD_CREATE'],
    ])
    expect(lab.proxy.established.map(({ target }) => target?.host)).toEqual([
      'discord.com',
      'gateway.discord.gg',
    ])
    const [{ data } = { data: undefined }] = lab.discord.gateway.identifies
    expect(data).toMatchObject({ intents: INTENTS, shard: [0, 1], token: lab.discord.token })
    const [upgrade] = lab.discord.gateway.upgrades
    expect([...upgrade!.query]).toEqual([
      ['v', '10'],
      ['encoding', 'json'],
    ])
    const session = lab.discord.gateway.sessions[0]!
    expect(gateway.session).toEqual({
      id: session.id,
      sequence: 2,
      resumeUrl: `wss://${lab.discord.resumeHost}`,
      shardId: 0,
      shardCount: 1,
    })
  })

  it('identifies with the options that are for Discord, under their names there', async () => {
    lab = await GatewayLab.start()
    const properties = { os: 'a', browser: 'b', device: 'c' }
    await lab.connected({ largeThreshold: 123, properties })
    const [identify] = lab.discord.gateway.identifies
    expect(identify?.data).toMatchObject({ large_threshold: 123, properties })
  })

  it('takes a token with Bot before it, and shows it nowhere', async () => {
    lab = await GatewayLab.start()
    const lines: string[] = []
    const gateway = lab.createGateway({ token: `Bot ${lab.discord.token}` })
    gateway.on('debug', (line) => lines.push(line))
    await gateway.connect()
    const shown = [inspect(gateway, { depth: 9, showHidden: true }), JSON.stringify(gateway), ...lines]
    expect(shown.join('\n')).not.toContain(lab.discord.token)
  })

  it('goes to the default URL with one line of debug while /gateway/bot fails', async () => {
    lab = await GatewayLab.start()
    lab.discord.rest.intercept('GET /gateway/bot', () => ({ status: 502 }))
    const lines: string[] = []
    const gateway = lab.createGateway()
    gateway.on('debug', (line) => lines.push(line))
    await gateway.connect()
    lab.discord.gateway.closeAll(4009)
    await next(gateway, 'ready')
    expect(lines.filter((line) => line.includes('/gateway/bot'))).toEqual([
      'GET /gateway/bot failed (status 502): connecting to wss://gateway.discord.gg/',
    ])
  })

  it('gives /gateway/bot gatewayInfoTimeoutMs', async () => {
    lab = await GatewayLab.start()
    lab.discord.rest.intercept('GET /gateway/bot', () => ({ stall: true }))
    const gateway = lab.createGateway({ gatewayInfoTimeoutMs: 100 })
    const line = next(gateway, 'debug')
    await gateway.connect()
    expect(await line).toContain('no answer within 100 ms')
  })

  it('goes on through another proxy at once where the one that it waits for is exchanged', async () => {
    lab = await GatewayLab.start({}, { connectTimeoutMs: 60_000 })
    lab.proxy.fault = { kind: 'request', verb: 'silence' }
    const gateway = lab.createGateway()
    const connected = gateway.connect()
    await lab.proxy.waitForConnection()
    lab.transport.setProxy((await lab.addProxy()).url)
    await connected
    expect(gateway.state).toBe('ready')
  })

  it('asks anew how many shards there are where reconnect() is called while nothing answers', async () => {
    lab = await GatewayLab.start()
    const info = {
      url: 'wss://gateway.discord.gg',
      shards: 1,
      session_start_limit: { total: 1, remaining: 1, reset_after: 0, max_concurrency: 1 },
    }
    let asked = 0
    const gateway = lab.createGateway({
      shards: 'auto',
      gatewayInfo: () => (++asked === 1 ? new Promise(() => undefined) : info),
    })
    const connected = gateway.connect()
    await expect.poll(() => asked).toBe(1)
    gateway.reconnect()
    await connected
    expect(gateway.state).toBe('ready')
  })

  it('rejects where /gateway/bot answers 401', async () => {
    lab = await GatewayLab.start()
    const gateway = lab.createGateway({ token: 'wrong' })
    const closed = next(gateway, 'closed')
    const error = await failureOf(gateway.connect())
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({
      code: 'ERR_GATEWAY_AUTHENTICATION',
      hint: expect.stringMatching(/token/) as unknown,
    })
    expect(await closed).toMatchObject({ error })
    expect(gateway.state).toBe('closed')
    expect(lab.discord.gateway.upgrades).toHaveLength(0)
  })

  it.each([
    [4004, 'ERR_GATEWAY_AUTHENTICATION', /token/],
    [4010, 'ERR_GATEWAY_SHARDING', /shards/],
    [4011, 'ERR_GATEWAY_SHARDING', /shards/],
    [4012, 'ERR_GATEWAY_VERSION', /Update/],
    [4013, 'ERR_GATEWAY_INTENTS', /intents/],
    [4014, 'ERR_GATEWAY_INTENTS', /developer portal/],
  ])('rejects for good after close code %i and says what to change', async (closeCode, code, hint) => {
    lab = await GatewayLab.start()
    const gateway = lab.createGateway()
    gateway.once('debug', () => {
      void lab.discord.gateway.waitForConnection().then((connection) => connection.close(closeCode, 'No.'))
    })
    const error = await failureOf(gateway.connect())
    expect(error).toMatchObject({ name: 'GatewayError', code, closeCode })
    expect(error).toHaveProperty('hint', expect.stringMatching(hint))
    expect(gateway.state).toBe('closed')
    expect(lab.discord.gateway.allConnections).toHaveLength(1)
    expect(await failureOf(gateway.connect())).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
  })

  it('is over, and not repeated, when the token turns out to be reset while a new session begins', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    lab.discord.rest.intercept('GET /gateway/bot', () => ({ status: 401, apply: false }))
    lab.discord.gateway.rules.token = 'another'
    const closed = next(gateway, 'closed')
    lab.proxy.cut()
    expect(await closed).toMatchObject({ error: { code: 'ERR_GATEWAY_AUTHENTICATION', closeCode: 4004 } })
  })

  it('rejects for a proxy that wants other credentials, instead of trying for ever', async () => {
    lab = await GatewayLab.start()
    const strict = await lab.addProxy({ auth: { username: 'someone', password: 'else' } })
    lab.transport.setProxy(strict.urlWithoutCredentials)
    const error = await failureOf(lab.createGateway().connect())
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_PROXY_AUTH' })
  })

  it('keeps trying while the proxy is down, and tells why as a TransportError', async () => {
    lab = await GatewayLab.start()
    const { port } = lab.proxy
    await lab.proxy.close()
    const gateway = lab.createGateway()
    const reconnecting = next(gateway, 'reconnecting')
    const connected = gateway.connect()
    expect(await reconnecting).toMatchObject({
      error: { name: 'TransportError', code: 'ERR_PROXY_UNREACHABLE' },
      closeCode: null,
      delayMs: 0,
      attempt: 1,
      resume: false,
    })
    await lab.addProxy({ port })
    await connected
    expect(gateway.state).toBe('ready')
  })

  it('tries again when hello or READY does not come in time', async () => {
    lab = await GatewayLab.start()
    const gateway = lab.createGateway({ gatewayReadyTimeoutMs: 150 })
    let stalled = 0
    const freezeFirst = lab.discord.gateway.waitForConnection().then((connection) => {
      connection.freeze()
      stalled += 1
    })
    const reconnecting = next(gateway, 'reconnecting')
    const connected = gateway.connect()
    await freezeFirst
    expect(await reconnecting).toMatchObject({ error: { code: 'ERR_TARGET_TIMEOUT' }, resume: false })
    await connected
    expect(stalled).toBe(1)
  })

  it('waits for an upgrade that is refused for a moment', async () => {
    lab = await GatewayLab.start()
    lab.discord.gateway.refuseUpgradeOnce({ status: 503 })
    const gateway = lab.createGateway()
    const reconnecting = next(gateway, 'reconnecting')
    await gateway.connect()
    expect(await reconnecting).toMatchObject({ error: { code: 'ERR_TARGET_UNREACHABLE' } })
  })
})
