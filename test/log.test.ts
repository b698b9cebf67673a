import { once } from 'node:events'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createDiscordTransport } from '../src/index.js'
import { configErrorOf } from './config/secrecy.js'
import { failureOf, getByDispatcher, getByFetch } from './support/faces.js'
import { startLab, USERS_ME, type LabOptions } from './support/lab.js'

/** A lab, and a transport through its proxy with these variables. */
async function startLogging(env: Record<string, string>, options: LabOptions = {}, login = '') {
  const lab = await startLab(options)
  const proxy = lab.proxy.url.replace('://', `://${login}`)
  return { ...lab, transport: lab.createTransport({ proxy, env }) }
}

/** The lines of our log, without their time. */
function watchLog(): readonly string[] {
  const lines: string[] = []
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    const own = /^discord-transport \S+Z (.*)\n$/.exec(String(text))
    if (own?.[1] !== undefined) lines.push(own[1])
    return true
  })
  onTestFinished(() => spy.mockRestore())
  return lines
}

const WEBHOOK = 'https://discord.com/api/v10/webhooks/123/SeCrEtToKeN?wait=true'

describe('DISCORD_TRANSPORT_LOG', () => {
  test.each([
    ['info', { DISCORD_TRANSPORT_LOG: 'info' }, false],
    ['debug', { DISCORD_TRANSPORT_LOG: ' DEBUG ' }, true],
    ['NODE_DEBUG', { NODE_DEBUG: 'http,discord-transport' }, true],
    ['NODE_DEBUG with a wildcard', { NODE_DEBUG: 'discord-*' }, true],
  ])('%s writes proxy, tunnels and, at debug, requests to standard error', async (_name, env, requests) => {
    const lines = watchLog()
    const { transport, proxy, headers } = await startLogging(env)
    await getByFetch(transport, USERS_ME, headers)
    await getByDispatcher(transport, USERS_ME, headers)
    await transport.close()
    expect(lines[0]).toBe(`info: proxy ${proxy.url} from the proxy option`)
    const tunnel = `info: connection to discord.com:443 via ${proxy.url}`
    expect(lines.filter((line) => line.startsWith(`${tunnel} open after`))).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith(`${tunnel} closed, `))).toHaveLength(1)
    const request = `debug: GET /api/v10/users/@me at discord.com:443 via ${proxy.url}: 200 in `
    expect(lines.filter((line) => line.startsWith(request))).toHaveLength(requests ? 2 : 0)
  })

  test('shows no credential, webhook token or query', async () => {
    const lines = watchLog()
    const { transport } = await startLogging({ DISCORD_TRANSPORT_LOG: 'debug' }, {}, 'log-user:log-secret@')
    await getByFetch(transport, WEBHOOK, { authorization: 'Bot log-token' })
    const text = lines.join('\n')
    expect(text).toContain('/api/v10/webhooks/123/*** at discord.com:443')
    expect(text).not.toMatch(/log-user|log-secret|log-token|SeCrEtToKeN|wait=true/)
  })

  test('names a failure by its code and phase', async () => {
    const lines = watchLog()
    const { transport } = await startLogging(
      { DISCORD_TRANSPORT_LOG: 'debug' },
      { fault: { kind: 'status', status: 403 } },
    )
    await failureOf(getByFetch(transport))
    expect(lines.join('\n')).toMatch(
      /connection to discord\.com:443 .* failed after \d+ ms: ERR_PROXY_DENIED in tunnel/,
    )
    expect(lines.join('\n')).toMatch(/debug: GET \S+ at discord\.com:443 .*: ERR_PROXY_DENIED in \d+ ms/)
  })

  test("writes the gateway's states", async () => {
    const lines = watchLog()
    const { transport, discord } = await startLogging({ DISCORD_TRANSPORT_LOG: 'info' })
    const gateway = transport.createGateway({ token: discord.token, intents: 0 })
    const ready = once(gateway, 'ready')
    await gateway.connect()
    await ready
    await gateway.close()
    expect(lines.filter((line) => line.includes('gateway'))).toEqual(
      expect.arrayContaining([
        'info: gateway shard 0 ready, a new session',
        expect.stringMatching(/^info: gateway closed: /),
      ]),
    )
  })

  test('writes the proxy that setProxy() gives', async () => {
    const lines = watchLog()
    const { transport, startProxy } = await startLogging({ DISCORD_TRANSPORT_LOG: 'info' })
    const other = await startProxy({})
    transport.setProxy(other.url)
    expect(lines.at(-1)).toMatch(`info: proxy ${other.url} from `)
  })

  test('is read once, at creation', async () => {
    const lines = watchLog()
    const env: Record<string, string> = {}
    const { transport, startProxy } = await startLogging(env)
    env['DISCORD_TRANSPORT_LOG'] = 'debug'
    const other = await startProxy({})
    transport.setProxy(other.url)
    expect(lines).toEqual([])
  })

  test('refuses any other value, and names the variable', () => {
    const error = configErrorOf(() => createDiscordTransport({ env: { DISCORD_TRANSPORT_LOG: 'verbose' } }))
    expect(error.message).toBe('DISCORD_TRANSPORT_LOG: must be info or debug')
  })
})

test('onEvent is told of each request, with its status and its masked path', async () => {
  const { transport, proxy, events } = await startLab()
  await getByFetch(transport, WEBHOOK)
  expect(events.filter(({ type }) => type === 'request')).toEqual([
    {
      type: 'request',
      target: 'discord.com:443',
      proxy: proxy.url,
      method: 'GET',
      path: '/api/v10/webhooks/123/***',
      status: expect.any(Number) as number,
      code: null,
      ms: expect.any(Number) as number,
    },
  ])
})
