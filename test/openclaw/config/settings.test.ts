import { describe, expect, test } from 'vitest'
import { writeTemporary } from '../../support/temporary-file.js'
import { startLab } from '../../support/lab.js'
import { systemCode } from '../../../src/errors.js'
import type { OpenClawOptions } from '../../../src/openclaw/index.js'
import { errorOf, read, URLS } from './configuration.js'

const discord = (settings: object, more: object = {}): OpenClawOptions => ({
  config: { channels: { discord: settings }, ...more },
})

describe('an account', () => {
  const accounts = { Ops: { proxy: URLS.account }, 'My Bot!': {}, b: { enabled: false, applicationId: '2' } }

  test('is found by its key, whatever the case, and by its id', async () => {
    for (const account of ['Ops', 'ops', ' OPS '])
      expect((await read({ ...discord({ accounts }), account })).transport.proxy?.url).toBe(URLS.account)
    const { account, accounts: all } = await read({ ...discord({ accounts }), account: 'my-bot' })
    expect([account, all]).toEqual(['my-bot', ['b', 'my-bot', 'ops']])
  })

  test('is by default the default one: as configured, named default, or the first', async () => {
    const idOf = async (settings: object, env = {}): Promise<string> =>
      (await read({ ...discord(settings), env })).account
    expect(await idOf({})).toBe('default')
    expect(await idOf({ accounts })).toBe('b')
    expect(await idOf({ accounts, token: 't' })).toBe('default')
    expect(await idOf({ accounts }, { DISCORD_BOT_TOKEN: 't' })).toBe('default')
    expect(await idOf({ accounts, token: 't', defaultAccount: 'OPS' })).toBe('ops')
    expect(await idOf({ accounts, defaultAccount: 'gone' })).toBe('b')
  })

  test('that is not there is an error with those that are', async () => {
    const error = await errorOf(read({ ...discord({ accounts }), account: 'opps' }))
    expect(error).toMatchObject({
      code: 'ERR_INVALID_OPTIONS',
      message: 'account: there is no account opps (known: b, my-bot, ops)',
    })
    expect(error.hint).toContain('Did you mean ops?')
    expect((await errorOf(read({ ...discord({ accounts }), account: 'default' }))).code).toBe(
      'ERR_INVALID_OPTIONS',
    )
    expect((await errorOf(read({ ...discord({ accounts }), account: '__proto__' }))).code).toBe(
      'ERR_INVALID_OPTIONS',
    )
  })

  test('is enabled unless it or the channel is switched off', async () => {
    const enabled = async (settings: object, account: string): Promise<boolean> =>
      (await read({ ...discord(settings), account })).enabled
    expect(await enabled({ accounts }, 'ops')).toBe(true)
    expect(await enabled({ accounts }, 'b')).toBe(false)
    expect(await enabled({ accounts, enabled: false }, 'ops')).toBe(false)
  })

  test('has an application id of its own, or the one of the channel', async () => {
    const settings = { accounts, applicationId: '1' }
    expect((await read({ ...discord(settings), account: 'ops' })).applicationId).toBe('1')
    expect((await read({ ...discord(settings), account: 'b' })).applicationId).toBe('2')
    expect((await errorOf(read(discord({ applicationId: 123 })))).message).toContain('must be a string')
  })
})

describe('limits of older files', () => {
  test('become options of createGateway and of Carbon, with a note', async () => {
    const { gatewayOptions, eventQueue, notes, transport } = await read(
      discord({
        gatewayInfoTimeoutMs: 5_000,
        gatewayReadyTimeoutMs: 300_000,
        eventQueue: { listenerTimeout: 60_000, maxQueueSize: 10 },
      }),
    )
    expect(gatewayOptions).toEqual({ gatewayInfoTimeoutMs: 5_000, gatewayReadyTimeoutMs: 120_000 })
    expect(eventQueue).toEqual({ listenerTimeout: 60_000, maxQueueSize: 10 })
    expect(notes).toEqual([expect.stringContaining('channels.discord.gatewayInfoTimeoutMs')])
    expect(() => transport.createGateway({ ...gatewayOptions, token: 't', intents: 0 })).not.toThrow()
  })

  test('are not there in a file of today, and the variables reach the gateway', async () => {
    const env = { OPENCLAW_DISCORD_READY_TIMEOUT_MS: 'soon' }
    const { gatewayOptions, eventQueue, notes, transport } = await read({ ...discord({}), env })
    expect([gatewayOptions, eventQueue, notes]).toEqual([{}, { listenerTimeout: 120_000 }, []])
    expect(() => transport.createGateway({ token: 't', intents: 0 })).toThrow(
      /OPENCLAW_DISCORD_READY_TIMEOUT_MS/,
    )
  })

  test("the account's stand before the channel's", async () => {
    const settings = {
      gatewayInfoTimeoutMs: 1,
      eventQueue: { maxQueueSize: 1 },
      accounts: { a: { gatewayInfoTimeoutMs: 2, eventQueue: { maxConcurrency: 2 } } },
    }
    const { gatewayOptions, eventQueue } = await read(discord(settings))
    expect(gatewayOptions).toEqual({ gatewayInfoTimeoutMs: 2 })
    expect(eventQueue).toEqual({ listenerTimeout: 120_000, maxConcurrency: 2 })
  })

  test.each([
    ['gatewayInfoTimeoutMs', '5s', 'channels.discord.gatewayInfoTimeoutMs: must be a number of 1 or more'],
    ['mediaMaxMb', 0, 'channels.discord.mediaMaxMb: must be more than 0'],
    ['retry', { attempts: 0 }, 'channels.discord.retry.attempts: must be a number of 1 or more'],
    ['enabled', 'yes', 'channels.discord.enabled: must be true or false'],
    ['accounts', [], 'channels.discord.accounts: must be an object'],
  ])('%s: %j is an error that names it', async (key, value, message) => {
    expect((await errorOf(read(discord({ [key]: value })))).message).toBe(message)
  })

  test('retry becomes the limits of delivery: so many attempts, and no more', async () => {
    const lab = await startLab()
    const ca = await writeTemporary('ca.pem', lab.ca.certificate)
    const attempts = async (delivery?: OpenClawOptions['delivery']): Promise<number> => {
      const retry = { attempts: 2, minDelayMs: 1, maxDelayMs: 0, jitter: 0.1 }
      const { transport } = await read({
        ...discord({ proxy: lab.proxy.url, retry }),
        tls: { caFile: ca },
        delivery,
      })
      const before = lab.proxy.connections.length
      lab.proxy.fault = { kind: 'status', status: 503 }
      await transport.fetch('https://discord.com/api/v10/gateway').catch(() => undefined)
      return lab.proxy.connections.length - before
    }
    expect(await attempts()).toBe(2)
    expect(await attempts({ attempts: 3 })).toBe(3)
    expect(await attempts(false)).toBe(1)
  })
})

test('mediaMaxMb is the largest file that is sent, and the option comes before it', async () => {
  const lab = await startLab()
  const ca = await writeTemporary('ca.pem', lab.ca.certificate)
  const send = async (bytes: number, maxFileBytes?: number): Promise<unknown> => {
    const { transport } = await read({
      ...discord({ proxy: lab.proxy.url, mediaMaxMb: 0.001 }),
      tls: { caFile: ca },
      maxFileBytes,
    })
    const body = new FormData()
    body.set('file', new Blob(['x'.repeat(bytes)]), 'x.txt')
    const url = 'https://discord.com/api/v10/webhooks/1/token'
    return transport.fetch(url, { method: 'POST', body }).then(
      ({ status }) => status,
      (error: unknown) => systemCode(error),
    )
  }
  expect(await send(1_049)).toBe('ERR_UPLOAD_TOO_LARGE')
  expect(lab.proxy.connections).toHaveLength(0)
  expect(await send(1_048)).toEqual(expect.any(Number))
  expect(await send(1_049, 2_000)).toEqual(expect.any(Number))
})

describe("the operator's proxy", () => {
  test('over TLS is checked against proxy.tls.caFile, which nothing else reads', async () => {
    const lab = await startLab({ scheme: 'https' })
    const ca = await writeTemporary('ca.pem', lab.ca.certificate)
    const proxy = { proxyUrl: lab.proxy.url, tls: { caFile: ca } }
    const { transport } = await read({ config: { proxy }, tls: { caFile: ca } })
    expect((await transport.fetch('https://discord.com/api/v10/gateway')).status).toBe(200)
    const missing = { proxyUrl: lab.proxy.url, tls: { caFile: '/nowhere/ca.pem' } }
    const error = await errorOf(read({ config: { proxy: missing } }))
    expect(error.message).toBe('proxy.tls.caFile: the file cannot be read (ENOENT)')
    const plain = { proxyUrl: URLS.managed, tls: missing.tls }
    expect((await read({ config: { proxy: plain } })).source).toBe('proxy.proxyUrl')
  })

  test('is for the whole process in installOptions, any other for Discord; both are options of install()', async () => {
    const optionsOf = async (config: object, env = {}) => (await read({ config, env })).installOptions
    const managed = { scope: 'all', environment: 'export' }
    expect(await optionsOf({ proxy: { proxyUrl: URLS.managed } })).toEqual({ ...managed, loopback: 'direct' })
    expect(await optionsOf({}, { OPENCLAW_PROXY_URL: URLS.variable })).toMatchObject(managed)
    const channel = { channels: { discord: { proxy: URLS.channel } } }
    expect(await optionsOf(channel)).toEqual({ scope: 'discord', environment: 'keep', loopback: 'direct' })
    const { transport, installOptions } = await read({ config: channel })
    using installed = transport.install(installOptions)
    expect(installed.scope).toBe('discord')
  })

  test.each([
    ['gateway-only', 'direct', 'direct'],
    ['proxy', 'proxy', 'proxy'],
    ['block', 'block', 'refused'],
  ])('with loopbackMode %s: the gateway is %s', async (loopbackMode, loopback, route) => {
    const config = { proxy: { proxyUrl: URLS.managed, loopbackMode } }
    const { transport, installOptions } = await read({ config })
    expect(installOptions.loopback).toBe(loopback)
    using installed = transport.install({ ...installOptions, environment: 'keep' })
    expect(installed.explain('http://127.0.0.1:18789/').route).toBe(route)
  })

  test('passes its loopback mode to programs that OpenClaw starts', async () => {
    const env = { OPENCLAW_PROXY_ACTIVE: '1', OPENCLAW_PROXY_LOOPBACK_MODE: 'block', HTTPS_PROXY: URLS.https }
    expect((await read({ config: {}, env })).installOptions.loopback).toBe('block')
    const inactive = { ...env, OPENCLAW_PROXY_ACTIVE: undefined }
    expect((await read({ config: {}, env: inactive })).installOptions.loopback).toBe('direct')
    const error = await errorOf(read({ config: { proxy: { loopbackMode: 'none' } } }))
    expect(error.message).toBe('proxy.loopbackMode: must be one of gateway-only, proxy, block')
  })
})

describe('in a container', () => {
  const LOCAL = 'http://alice:secret-pass@127.0.0.1:3128'

  test.each([
    ['channels.discord.proxy', { channels: { discord: { proxy: LOCAL } } }, {}],
    ['proxy.proxyUrl', { proxy: { proxyUrl: LOCAL } }, {}],
    ['OPENCLAW_PROXY_URL', {}, { OPENCLAW_PROXY_URL: LOCAL }],
    ['HTTPS_PROXY', {}, { HTTPS_PROXY: LOCAL }],
  ])('a loopback URL of %s is refused, with what to write instead', async (name, config, env) => {
    const options = { config, env: { ...env, OPENCLAW_CONTAINER: 'bot' } }
    const error = await errorOf(read(options))
    expect(error.code).toBe('ERR_PROXY_CONFIG')
    expect(error.message).toBe(
      `${name}: http://***:***@127.0.0.1:3128 is loopback, which in a container is the container itself and not the host`,
    )
    expect(error.hint).toContain('http://***:***@host.docker.internal:3128')
    expect(error.hint).toContain('OPENCLAW_CONTAINER_ALLOW_LOOPBACK_PROXY_URL=1')
    const allowed = { ...options.env, OPENCLAW_CONTAINER_ALLOW_LOOPBACK_PROXY_URL: '1' }
    expect((await read({ config, env: allowed })).source).toBe(name)
    await errorOf(read({ config, env: { ...allowed, OPENCLAW_CONTAINER_ALLOW_LOOPBACK_PROXY_URL: 'true' } }))
    await errorOf(read({ config, env, container: true }))
    expect((await read({ config, env })).source).toBe(name)
  })

  test.each([
    ['localhost', true],
    ['LOCALHOST.', true],
    ['127.9.9.9', true],
    ['[::1]', true],
    ['[::ffff:127.0.0.1]', true],
    ['host.docker.internal', false],
    ['10.0.0.1', false],
    ['128.0.0.1', false],
    ['localhost.example', false],
  ])('%s is loopback: %s', async (host, refused) => {
    const config = { channels: { discord: { proxy: `socks5://${host}:1080` } } }
    const outcome = await read({ config, container: true }).then(
      () => false,
      () => true,
    )
    expect(outcome).toBe(refused)
  })

  test('every proxy of a list is looked at', async () => {
    const error = await errorOf(read({ config: {}, proxy: [URLS.option, 'http://[::1]:1'], container: true }))
    expect(error.message).toContain('the proxy option: http://[::1]:1 is loopback')
  })
})
