import { setTimeout as delay } from 'node:timers/promises'
import { ONE_WAY_MS } from '../limits.js'
import type { FirstSend } from '../results.js'
import type { Servers } from '../servers/start.js'
import { eachTurn, type Running } from './load.js'

/** The first send of a new client by the long cable, the next one, and one after a silence. */
export async function measureFirstSends(
  running: readonly Running[],
  servers: Servers,
  silenceMs: number,
): Promise<void> {
  const proxied = running.filter(({ result }) => result.contender.direct !== true)
  const open = ({ result, client }: Running): Promise<void> =>
    client.open(servers.destination(result.contender.proxy, 'far'))

  await eachTurn(proxied, async (one) => {
    await open(one)
    const { able } = await one.client.ask({ do: 'warm' })
    if (able) one.result.warmed = await send(one, servers)
  })
  await eachTurn(proxied, async (one) => {
    await open(one)
    one.result.cold = await send(one, servers)
    one.result.next = await send(one, servers)
  })
  if (silenceMs === 0) return
  await delay(silenceMs)
  await eachTurn(proxied, async (one) => {
    one.result.silent = await send(one, servers)
  })
}

/** Long enough for what is still under way after an answer: TLS session tickets. */
const SETTLE_MS = 4 * ONE_WAY_MS

async function send({ client }: Running, servers: Servers): Promise<FirstSend> {
  await delay(SETTLE_MS)
  await servers.counts()
  const { ms } = await client.ask({ do: 'send' })
  const { flights, connections } = await servers.counts()
  // The proxy cannot see the round trip of TCP's own handshake.
  return { roundTrips: flights + connections, ms }
}
