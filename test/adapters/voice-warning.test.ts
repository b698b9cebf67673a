import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { clientOptions as dysnomiaOptions } from '../../src/adapters/dysnomia/index.js'
import { clientOptions } from '../../src/adapters/eris/index.js'
import { expectWarning } from '../lab/warnings.js'
import { startLab } from '../support/lab.js'

test('a voice connection that does not take the transport is a warning at its first use', async () => {
  const { transport } = await startLab()
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = async (host: string): Promise<void> => {
    // As `ws` does where a library gives it no agent.
    const sent = request({ host, path: '/?v=8', createConnection: () => connect(port, '127.0.0.1') }).end()
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream]
    response.resume()
    await once(response, 'end')
  }

  const options = clientOptions(transport, { intents: [], ws: { handshakeTimeout: 5_000 } })
  expect(options).toMatchObject({
    rest: { agent: transport.agent },
    ws: { agent: transport.agent, handshakeTimeout: 5_000 },
  })
  const warning = expectWarning(/^The voice connection to discord\.media is direct/)
  await ask('elsewhere.test')
  await ask('c-fra05.discord.media')
  expect((await warning).name).toBe('DiscordTransportWarning')
})

test("the WebSocket of Dysnomia's voice takes the agent of the transport, and keeps the options of the bot", async () => {
  const { transport } = await startLab()
  const { agent } = transport
  expect(dysnomiaOptions(transport)).toMatchObject({ voice: { ws: { agent } } })
  const options = dysnomiaOptions(transport, {
    gateway: { intents: [] },
    voice: { ws: { handshakeTimeout: 5_000 } },
  })
  expect(options).toMatchObject({ voice: { ws: { agent, handshakeTimeout: 5_000 } } })
})
