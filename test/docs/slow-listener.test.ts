import { Client, MessageCreateListener } from '@buape/carbon'
import { GatewayIntents } from '@buape/carbon/gateway'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ProxyGatewayPlugin } from '../../src/adapters/carbon/index.js'
import { startLab } from '../support/lab.js'

test('Carbon calls a listener slow that waits for its own work, on a path that works', async () => {
  const lab = await startLab()
  const warning = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  onTestFinished(() => warning.mockRestore())

  class Slow extends MessageCreateListener {
    async handle(): Promise<void> {
      await sleep(1_050)
    }
  }

  class Plugin extends ProxyGatewayPlugin {
    end(): void {
      this.disconnect()
      // Carbon starts an interval again in disconnect().
      this.monitor.destroy()
    }
  }

  const plugin = new Plugin({
    transport: lab.transport,
    intents: GatewayIntents.Guilds | GatewayIntents.GuildMessages,
  })
  new Client(
    {
      token: lab.discord.token,
      clientId: lab.discord.user.id,
      publicKey: 'only for interactions',
      baseUrl: 'http://localhost',
      disableDeployRoute: true,
      requestOptions: lab.transport.requestOptions,
    },
    { listeners: [new Slow()] },
    [plugin],
  )
  await lab.discord.gateway.waitForIdentify()
  onTestFinished(() => plugin.end())
  lab.discord.sayAs(lab.discord.human, 'hello')
  await vi.waitFor(() => expect(JSON.stringify(warning.mock.calls)).toMatch(/slow-listener/), 5_000)
})
