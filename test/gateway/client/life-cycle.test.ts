import { inspect } from 'node:util'
import { GatewayOpcodes, PresenceUpdateStatus, type GatewaySendPayload } from 'discord-api-types/v10'
import { afterEach, describe, expect, it } from 'vitest'
import { TransportError } from '../../../src/index.js'
import { GatewayError } from '../../../src/gateway/index.js'
import { failureOf, GatewayLab, INTENTS, next, recordDispatches } from './gateway-lab.js'

const presence: GatewaySendPayload = {
  op: GatewayOpcodes.PresenceUpdate,
  d: { since: null, afk: false, activities: [], status: PresenceUpdateStatus.DoNotDisturb },
}

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

describe('close()', () => {
  it('ends the session with 1000, and every socket', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const closed = next(gateway, 'closed')
    await gateway.close()
    expect(gateway.state).toBe('closed')
    expect(await closed).toEqual({ reason: 'close() was called', error: null, sessions: [] })
    const { closeCode } = await lab.discord.gateway.waitForClose()
    expect(closeCode).toBe(1000)
    expect(lab.discord.gateway.sessions).toHaveLength(0)
  })

  it('keeps the session when asked, for another client to resume', async () => {
    lab = await GatewayLab.start()
    const first = await lab.connected()
    const closed = next(first, 'closed')
    await first.close({ keepSession: true })
    const { session } = first
    expect(session).toMatchObject({ id: lab.discord.gateway.sessions[0]!.id })
    expect(await closed).toMatchObject({ sessions: [session] })
    lab.discord.sayAs(lab.discord.human, 'while nobody was there')
    const stored: unknown = JSON.parse(JSON.stringify(session))
    expect(stored).toEqual(session)
    const second = lab.createGateway({ session: session! })
    const dispatches = recordDispatches(second)
    await second.connect()
    expect(dispatches.all.map(({ t }) => t)).toContain('MESSAGE_CREATE')
    expect(dispatches.all.map(({ t }) => t)).not.toContain('READY')
    expect(lab.discord.gateway.identifies).toHaveLength(1)
    expect(lab.discord.gateway.resumes).toHaveLength(1)
  })

  it('of the transport closes its gateways too', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    await lab.transport.close()
    expect(gateway.state).toBe('closed')
    expect((await lab.discord.gateway.waitForClose()).closeCode).toBe(1000)
  })

  it('ends an attempt that is under way', async () => {
    lab = await GatewayLab.start()
    lab.proxy.fault = { kind: 'request', verb: 'silence' }
    const gateway = lab.createGateway()
    const failed = failureOf(gateway.connect())
    await lab.proxy.waitForConnection()
    await gateway.close()
    expect(await failed).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
  })

  it('rejects what waits to be sent', async () => {
    lab = await GatewayLab.start()
    lab.discord.gateway.stallUpgradeOnce()
    const gateway = lab.createGateway()
    const connecting = failureOf(gateway.connect())
    await next(gateway, 'debug')
    const sent = failureOf(gateway.send(presence))
    await gateway.close()
    expect(await sent).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
    await connecting
  })
})
