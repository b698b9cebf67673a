import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createDiscordTransport, type DiscordTransport } from '../../src/index.js'
import { OpenClawGatewayClient } from '../../src/openclaw/index.js'
import { failureOf } from '../gateway/gateway-lab.js'
import { LabNames } from '../lab/names.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'
import { startProxy } from '../lab/proxy/index.js'

const NEAR = [
  ...['10.0.0.1', '10.255.255.254', '172.16.0.1', '172.31.255.254', '192.168.0.1', '192.168.255.254'],
  ...['169.254.1.1', '100.64.0.1', '100.127.255.254', '[fc00::1]', '[fdff::1]', '[fe80::1]'],
  ...['gateway.local', 'GATEWAY.LOCAL.', 'gateway.tail1234.ts.net'],
]

const FAR = [
  // Beside each of those networks.
  ...[
    '9.255.255.255',
    '11.0.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '172.217.0.1',
    '192.167.0.1',
    '192.169.0.1',
  ],
  ...['169.253.0.1', '169.255.0.1', '100.63.255.255', '100.128.0.1', '[fbff::1]', '[fec0::1]'],
  ...['203.0.113.7', '[2001:db8::1]', 'gateway.example', 'local', 'gateway.local.example'],
  // Their owners decide where these lead: neither is this host.
  ...['localhost.example', '127.0.0.1.example'],
]

let gateway: FakeGateway
let proxy: Awaited<ReturnType<typeof startProxy>>
let transport: DiscordTransport

beforeAll(async () => {
  gateway = await FakeGateway.start()
  const names = new LabNames()
  const target = { host: '127.0.0.1', port: gateway.port }
  for (const host of [...NEAR, ...FAR]) names.add(new URL(`ws://${host}`).hostname, gateway.port, target)
  proxy = await startProxy({ scheme: 'http', names })
  transport = createDiscordTransport({ proxy: proxy.url, env: {}, keepWarm: false })
})

afterAll(async () => {
  await transport.close()
  await proxy.close()
  await gateway.stop()
})

function clientOf(host: string): OpenClawGatewayClient {
  const client = new OpenClawGatewayClient({
    ...{ url: `ws://${host}:${gateway.port}`, token: gateway.token, env: {} },
    ...{ transport, device: false, reconnect: false },
  })
  onTestFinished(() => client.disconnect())
  return client
}

describe('plain ws://', () => {
  it.each(NEAR)('to %s, in a private network, is opened', async (host) => {
    await expect(clientOf(host).connect()).resolves.toMatchObject({ protocol: 4 })
  })

  it.each(FAR)('to %s is refused before a connection is opened', async (host) => {
    const before = proxy.connections.length
    expect(await failureOf(clientOf(host).connect())).toMatchObject({
      code: 'ERR_ROUTE_REFUSED',
      sent: 'no',
      hint: expect.stringContaining('wss://') as string,
    })
    expect(proxy.connections).toHaveLength(before)
  })
})
