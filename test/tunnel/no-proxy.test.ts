import { describe, expect, test } from 'vitest'
import type { TransportOptions } from '../../src/index.js'
import { failureOf, getByAgent, getByDispatcher, getByFetch, helloByWebSocket } from '../support/faces.js'
import { startLab, type Lab } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'

interface Direct {
  readonly lab: Lab
  readonly rest: string
  readonly gateway: string
  readonly dns: LocalDns
}

/** The names lead to the fake Discord on this host too, for those who go there without a proxy. */
async function startDirectLab(): Promise<Direct> {
  const dns = LocalDns.install({ 'discord.com': '127.0.0.1', 'gateway.discord.gg': '127.0.0.1' })
  const lab = await startLab()
  const port = (host: string): number => lab.names.resolve(host, 443)?.port ?? 0
  for (const host of ['discord.com', 'gateway.discord.gg']) {
    lab.names.add(host, port(host), { host: '127.0.0.1', port: port(host) })
  }
  return {
    lab,
    dns,
    rest: `https://discord.com:${port('discord.com')}/api/v10/users/@me`,
    gateway: `wss://gateway.discord.gg:${port('gateway.discord.gg')}/?v=10`,
  }
}

async function reachAll({ lab, rest, gateway }: Direct, options: TransportOptions): Promise<number> {
  const transport = lab.createTransport(options)
  const { headers } = lab
  const answers = [
    await getByAgent(transport, rest, { headers }),
    await getByDispatcher(transport, rest, headers),
    await getByFetch(transport, rest, headers),
  ]
  for (const { status } of answers) expect(status).toBe(200)
  await helloByWebSocket(transport, {}, gateway)
  const seen = lab.proxy.connections.length
  for (const url of [rest, gateway]) {
    expect(transport.explain(url).route).toBe(seen === 0 ? 'direct' : 'proxy')
    expect(transport.explain(url).proxy === null).toBe(seen === 0)
  }
  await transport.close()
  return seen
}

const NO_PROXY = 'discord.com,.discord.gg'

describe('NO_PROXY', () => {
  test.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
    'makes a connection really direct where the proxy is from %s',
    async (name) => {
      const direct = await startDirectLab()
      const env = { [name]: direct.lab.proxy.url, NO_PROXY }
      expect(await reachAll(direct, { env })).toBe(0)
      expect(new Set(direct.dns.queries)).toEqual(new Set(['discord.com', 'gateway.discord.gg']))
    },
  )

  test('does not count for OPENCLAW_PROXY_URL', async () => {
    const direct = await startDirectLab()
    const env = { OPENCLAW_PROXY_URL: direct.lab.proxy.url, NO_PROXY: '*' }
    expect(await reachAll(direct, { env })).toBeGreaterThan(0)
    expect(direct.dns.queries).toEqual([])
  })

  test('does not count for the option proxy', async () => {
    const direct = await startDirectLab()
    const options = { proxy: direct.lab.proxy.url, env: { NO_PROXY: '*' } }
    expect(await reachAll(direct, options)).toBeGreaterThan(0)
    expect(direct.dns.queries).toEqual([])
  })

  test('does not count with noProxy: false', async () => {
    const direct = await startDirectLab()
    const env = { HTTPS_PROXY: direct.lab.proxy.url, NO_PROXY }
    expect(await reachAll(direct, { env, noProxy: false })).toBeGreaterThan(0)
  })

  test('as a list in the options counts for the option proxy', async () => {
    const direct = await startDirectLab()
    const options = { proxy: direct.lab.proxy.url, env: {}, noProxy: NO_PROXY.split(',') }
    expect(await reachAll(direct, options)).toBe(0)
  })

  test('with a port leaves other ports to the proxy', async () => {
    const direct = await startDirectLab()
    const port = new URL(direct.rest).port
    const env = { HTTPS_PROXY: direct.lab.proxy.url, NO_PROXY: `discord.com:${Number(port) + 1}` }
    expect(await reachAll(direct, { env })).toBeGreaterThan(0)
  })
})

test('explain() opens nothing and looks nothing up, and gives the reason', async () => {
  const { lab, dns, rest } = await startDirectLab()
  const transport = lab.createTransport({ env: { HTTPS_PROXY: lab.proxy.url, NO_PROXY: 'discord.com' } })
  expect(transport.explain(rest)).toEqual({
    route: 'direct',
    reason: 'NO_PROXY entry discord.com matches',
    proxy: null,
  })
  expect(transport.explain('wss://gateway.discord.gg')).toEqual({
    route: 'proxy',
    reason: 'HTTPS_PROXY is set',
    proxy: transport.proxy,
  })
  expect(() => transport.explain('no url')).toThrow(TypeError)
  expect(lab.proxy.connections).toEqual([])
  expect(dns.queries).toEqual([])
})

test('a direct connection announces itself, and its failures name no proxy', async () => {
  const { lab, rest } = await startDirectLab()
  const env = { HTTPS_PROXY: lab.proxy.url, NO_PROXY }
  await getByFetch(lab.createTransport({ env }), rest, lab.headers)
  const target = new URL(rest).host
  expect(lab.events).toMatchObject([
    { type: 'direct', target, reason: 'NO_PROXY entry discord.com matches' },
    { type: 'tunnel-open', target, proxy: null },
    { type: 'request', target, proxy: null, status: 200 },
  ])

  LocalDns.install()
  const error = await failureOf(getByFetch(lab.createTransport({ env }), 'https://discord.com/'))
  expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE', phase: 'target-dns', proxy: null })
})
