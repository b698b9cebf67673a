import { REST } from '@discordjs/rest'
import { GatewayIntentBits } from 'discord-api-types/v10'
import { WebSocketManager } from 'discordjs-ws-1'
import { expect, it, onTestFinished } from 'vitest'
import {
  restOptions,
  webSocketManagerOptions,
  type GatewayLimits,
} from '../../src/adapters/discord.js/index.js'
import { startLab, type Lab } from '../support/lab.js'

function createManager({ transport, discord }: Lab, limits: GatewayLimits = {}): WebSocketManager {
  const rest = new REST(restOptions(transport)).setToken(discord.token)
  const intents: GatewayIntentBits = GatewayIntentBits.Guilds
  const options = { intents, rest, token: discord.token, ...limits }
  const manager = new WebSocketManager(webSocketManagerOptions(transport, options))
  onTestFinished(() => manager.destroy())
  return manager
}

it.each([
  ['without a code', {}, 1000],
  ['with a code that keeps the session', { code: 4_200 }, 4900],
])('destroy() of a WebSocketManager %s', async (_how, options, closeCode) => {
  const lab = await startLab()
  const manager = createManager(lab)
  await manager.connect()
  await manager.destroy(options)
  expect((await lab.discord.gateway.waitForClose()).closeCode).toBe(closeCode)
})

it('the limits of createGateway() hold for the shards of a WebSocketManager', async () => {
  const manager = createManager(await startLab(), { gatewayReadyTimeoutMs: NaN })
  await expect(manager.connect()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTIONS' })
})
