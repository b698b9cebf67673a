import { GatewayPlugin } from '@buape/carbon/gateway'
import { GatewayPlugin as Plugin14 } from 'carbon-0-14/gateway'
import { GatewayPlugin as Plugin15 } from 'carbon-0-15/gateway'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { onTransport, ProxyGatewayPlugin } from '../../../src/adapters/carbon/index.js'
import { createDiscordTransport, type DiscordTransport } from '../../../src/index.js'

let transport: DiscordTransport
beforeEach(() => {
  transport = createDiscordTransport({ proxy: false, env: {} })
  onTestFinished(() => transport.close())
})

describe.each([
  ['0.14', Plugin14 as unknown as typeof GatewayPlugin],
  ['0.15', Plugin15 as unknown as typeof GatewayPlugin],
  ['0.16', GatewayPlugin],
])('The plugin of Carbon %s', (_version, Base) => {
  test.each([
    'canResume',
    'connect',
    'createWebSocket',
    'disconnect',
    'handleClose',
    'identify',
    'registerClient',
  ])('is refused without a method %s, by a TypeError that names it', (method) => {
    class Renamed extends Base {}
    Object.defineProperty(Renamed.prototype, method, { value: undefined })
    const create = () => new (onTransport(Renamed))({ transport, intents: 0 })
    expect(create).toThrow(TypeError)
    expect(create).toThrow(`@buape/carbon has no GatewayPlugin.${method}`)
  })

  test('is accepted as it is', async () => {
    await new (onTransport(Base))({ transport, intents: 0 }).closed()
  })
})

test('A subclass of ProxyGatewayPlugin extends closed() and registerClient() as methods', async () => {
  let closings = 0
  class Counting extends ProxyGatewayPlugin {
    override registerClient(...given: Parameters<GatewayPlugin['registerClient']>): Promise<void> {
      return super.registerClient(...given)
    }

    override async closed(): Promise<void> {
      closings++
      await super.closed()
    }
  }
  await new Counting({ transport, intents: 0 }).closed()
  expect(closings).toBe(1)
})
