import { expect, test } from 'vitest'
import { parseOptions, resolveProxy } from '../../src/config/index.js'
import type { TransportPhase } from '../../src/errors.js'
import { Route } from '../../src/tunnel/index.js'
import type { LabScheme } from '../lab/proxy/index.js'
import { startLab } from '../support/lab.js'

const TARGET = { host: 'discord.com', port: 443, secure: true }

/** The steps of one tunnel, those in a row taken together. */
async function phases(
  scheme: LabScheme,
  auth?: { username: string; password: string },
): Promise<TransportPhase[]> {
  const lab = await startLab({ scheme, ...(auth === undefined ? {} : { auth }) })
  const options = parseOptions({
    proxy: lab.proxy.url,
    env: {},
    tls: { ca: lab.discord.ca },
    proxyTls: { ca: lab.ca.certificate },
  })
  const route = new Route(resolveProxy(options), options)
  const seen: TransportPhase[] = []
  const socket = await route.openTunnel(TARGET, { onPhase: (phase) => seen.push(phase) })
  socket.destroy()
  await route.close()
  return seen.filter((phase, index) => phase !== seen[index - 1])
}

test('each step of a tunnel is told when it begins, in its order', async () => {
  expect(await phases('http')).toEqual(['proxy-connect', 'tunnel', 'target-tls'])
  expect(await phases('https')).toEqual(['proxy-connect', 'proxy-tls', 'tunnel', 'target-tls'])
  expect(await phases('socks5')).toEqual(['proxy-connect', 'tunnel', 'target-tls'])
})

test('authentication stands in the middle of a SOCKS5 tunnel request', async () => {
  const auth = { username: 'bot', password: 'p@ss' }
  expect(await phases('socks5', auth)).toEqual([
    'proxy-connect',
    'tunnel',
    'proxy-auth',
    'tunnel',
    'target-tls',
  ])
})
