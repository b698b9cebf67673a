import { BURST, SECOND } from '../limits.js'
import type { ProxiedBurst } from '../results.js'
import type { Servers, Wire } from '../servers/start.js'
import { eachTurn, type Running } from './load.js'

/** Many sends at once from a new client: how long by a long cable, and what a small proxy lets through. */
export async function measureBursts(
  running: readonly Running[],
  servers: Servers,
  rounds: number,
): Promise<void> {
  const proxied = running.filter(({ result }) => result.contender.direct !== true)
  for (let round = 0; round < rounds; round += 1) {
    await eachTurn(proxied, async (one) => {
      one.result.bursts.push(await burst(one, servers, 'far', BURST))
    })
  }
  // They take less time, and what is compared differs by less.
  for (let round = 0; round < 8 * rounds; round += 1) {
    await eachTurn(proxied, async (one) => {
      one.result.seconds.push(await burst(one, servers, 'far', SECOND))
    })
  }
  await eachTurn(proxied, async (one) => {
    one.result.small = await burst(one, servers, 'small', BURST)
  })
}

async function burst(
  { result, client }: Running,
  servers: Servers,
  wire: Wire,
  count: number,
): Promise<ProxiedBurst> {
  await client.open(servers.destination(result.contender.proxy, wire))
  await servers.counts()
  const sent = await client.ask({ do: 'burst', count })
  const { connections } = await servers.counts()
  await client.ask({ do: 'close' })
  return { ...sent, tunnels: connections }
}
