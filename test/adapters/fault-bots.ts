import { once } from 'node:events'
import { Client, Events } from 'discord.js'
import { ProxyGatewayPlugin } from '../../src/adapters/carbon/index.js'
import { clientOptions } from '../../src/adapters/discord.js/index.js'
import type { DiscordTransport, GatewayClient } from '../../src/index.js'
import { faultOptions, type FaultBotLab, type ReceivedDispatch, type StartBot } from '../gateway/fault-bot.js'
import { INTENTS } from '../gateway/gateway-lab.js'
import { createCarbonClient } from './carbon/carbon-client.js'

/** The gateway client that the adapter makes next, with the short times of a fault script. */
function nextGateway({ transport, random }: FaultBotLab): Promise<GatewayClient> {
  const create = transport.createGateway.bind(transport)
  const options = faultOptions(random)
  return new Promise((resolve) => {
    const createGateway: DiscordTransport['createGateway'] = (given) => {
      const gateway = create({ ...given, ...options })
      resolve(gateway)
      return gateway
    }
    transport.createGateway = createGateway
  })
}

const GATEWAY_INFO = {
  url: 'wss://gateway.discord.gg',
  shards: 1,
  session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 },
}

type Listener = (dispatch: ReceivedDispatch) => void

class ListeningPlugin extends ProxyGatewayPlugin {
  readonly listeners: Listener[] = []

  /** Carbon has no event for a dispatch of a type that it does not know. */
  override setupWebSocket(): void {
    super.setupWebSocket()
    this.ws?.on?.('message', (text: unknown) => {
      const { op, s, d } = JSON.parse(String(text)) as { op: number } & ReceivedDispatch
      if (op === 0) for (const listener of this.listeners) listener({ s, d })
    })
  }

  ignoreFailures(): void {
    this.emitter.on('error', () => undefined)
  }

  /** Carbon leaves this interval running after a disconnect. */
  stop(): void {
    this.disconnect()
    this.monitor.destroy()
  }
}

/** Carbon's GatewayPlugin on the transport. */
export const carbonBot: StartBot = async (lab) => {
  const { transport } = lab
  const made = nextGateway(lab)
  const plugin = new ListeningPlugin({ transport, intents: INTENTS })
  // The failures that a script makes; without a listener each would be a warning.
  plugin.ignoreFailures()
  const client = createCarbonClient(lab)
  const registered = plugin.registerClient(client)
  registered.catch(() => undefined)
  return {
    gateway: await Promise.race([made, registered.then(() => made)]),
    connect: () => registered,
    onDispatch: (listener) => plugin.listeners.push(listener),
    close: () => plugin.stop(),
  }
}

/** discord.js on the transport. */
export const discordjsBot: StartBot = async (lab) => {
  const { transport, discord } = lab
  const made = nextGateway(lab)
  // discord.js gives up where its lookup of the gateway fails, as it may on a busy machine with these short times.
  const client = new Client(clientOptions(transport, { intents: INTENTS, gatewayInfo: GATEWAY_INFO }))
  const ready = once(client, Events.ClientReady)
  const loggedIn = client.login(discord.token)
  loggedIn.catch(() => undefined)
  return {
    gateway: await Promise.race([made, loggedIn.then(() => made)]),
    connect: () => Promise.all([loggedIn, ready]),
    onDispatch: (listener) =>
      client.on(Events.Raw, (packet: ReceivedDispatch & { readonly op: number }) => {
        if (packet.op === 0) listener(packet)
      }),
    close: () => client.destroy(),
  }
}
