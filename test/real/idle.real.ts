import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import type { DiscordTransport, TransportWebSocket } from '../../src/index.js'
import { send } from '../cases/rest-requests.js'
import { watchLookups } from '../cases/local-names.js'
import { createDiscordTransport } from '../cases/subject.js'
import { missingPrograms } from './installed.js'
import { openLocalSite, type LocalSite } from './local-site.js'
import { REAL_PROXIES, startRealProxy, type RealProxy, type RunningProxy } from './proxies/index.js'

/** Discord's: the longest that a quiet bot says nothing. */
const HEARTBEAT_INTERVAL_MS = 41_250

interface QuietBot {
  readonly proxy: RealProxy
  readonly running: RunningProxy
  readonly transport: DiscordTransport
  readonly socket: TransportWebSocket
}

async function payload(socket: TransportWebSocket): Promise<unknown> {
  const [data] = (await once(socket, 'message')) as readonly unknown[]
  return JSON.parse(String(data))
}

async function startQuietBot(proxy: RealProxy, { site, outside }: LocalSite): Promise<QuietBot> {
  const running = await startRealProxy(proxy, site)
  const { url, options } = running.under
  const tls = { ca: outside.discord.ca }
  const transport = createDiscordTransport({ proxy: url, env: {}, tls, ...options })
  const socket = transport.createWebSocket('wss://gateway.discord.gg/?v=10&encoding=json')
  expect(await payload(socket)).toMatchObject({ op: 10, d: { heartbeat_interval: HEARTBEAT_INTERVAL_MS } })
  await send(transport, outside.discord, { content: 'before the silence' })
  return { proxy, running, transport, socket }
}

const bots: QuietBot[] = []
let local: LocalSite

beforeAll(async () => {
  local = await openLocalSite()
  const lookups = watchLookups((host) => local.outside.names.resolve(host, 443)?.host)
  return async () => {
    for (const { transport, running } of bots) {
      await transport.close()
      await running.stop()
    }
    lookups[Symbol.dispose]()
    await local.close()
  }
})

it("every proxy keeps a silent gateway, and its REST tunnel, for Discord's whole heartbeat interval", async () => {
  for (const proxy of REAL_PROXIES) {
    if (missingPrograms(proxy.programs).length > 0) continue
    const bot = await startQuietBot(proxy, local)
    bots.push(bot)
  }
  await delay(HEARTBEAT_INTERVAL_MS)
  for (const { proxy, running, transport, socket } of bots) {
    const state = running.under.cutsIdle === true ? socket.CLOSED : socket.OPEN
    expect({ proxy: proxy.name, state: socket.readyState }).toEqual({ proxy: proxy.name, state })
    await send(transport, local.outside.discord, { content: 'after the silence' })
    if (running.under.cutsIdle === true) continue
    const answer = payload(socket)
    socket.send(JSON.stringify({ op: 1, d: null }))
    expect(await answer).toMatchObject({ op: 11 })
  }
}, 120_000)
