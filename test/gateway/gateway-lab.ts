import { once } from 'node:events'
import { createDiscordTransport, type DiscordTransport, type TransportOptions } from '../../src/index.js'
import type { GatewayClient, GatewayClientOptions } from '../../src/gateway/index.js'
import { startDiscord, type DiscordOptions, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy, type ProxyOptions } from '../lab/proxy/index.js'
import { labAuthority } from '../lab/certificates.js'

/** GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT. */
export const INTENTS = (1 << 0) | (1 << 9) | (1 << 12) | (1 << 15)

/** Discord, a proxy in front of it and a transport that knows no other way. */
export class GatewayLab {
  readonly names: LabNames
  readonly discord: FakeDiscord
  proxy: LabProxy
  readonly transport: DiscordTransport
  readonly #clients: GatewayClient[] = []
  readonly #proxies: LabProxy[]

  private constructor(names: LabNames, discord: FakeDiscord, proxy: LabProxy, options: TransportOptions) {
    this.names = names
    this.discord = discord
    this.proxy = proxy
    this.#proxies = [proxy]
    this.transport = createDiscordTransport({
      proxy: proxy.url,
      tls: { ca: discord.ca },
      connectTimeoutMs: 2_000,
      env: {},
      ...options,
    })
  }

  static async start(
    discordOptions: Partial<DiscordOptions> = {},
    transportOptions: TransportOptions = {},
  ): Promise<GatewayLab> {
    const names = new LabNames()
    const discord = await startDiscord({ names, ca: await labAuthority(), ...discordOptions })
    const proxy = await startProxy({ scheme: 'http', names })
    return new GatewayLab(names, discord, proxy, transportOptions)
  }

  /** One more proxy in front of the same Discord. */
  async addProxy(options: Partial<ProxyOptions> = {}): Promise<LabProxy> {
    const proxy = await startProxy({ scheme: 'http', names: this.names, ...options })
    this.#proxies.push(proxy)
    return proxy
  }

  /** Back-off steps are short, so that a test need not wait for them. */
  createGateway(options: Partial<GatewayClientOptions> = {}): GatewayClient {
    const gateway = this.transport.createGateway({
      token: this.discord.token,
      intents: INTENTS,
      backoffBaseMs: 50,
      backoffMaxMs: 200,
      ...options,
    })
    this.#clients.push(gateway)
    return gateway
  }

  async connected(options: Partial<GatewayClientOptions> = {}): Promise<GatewayClient> {
    const gateway = this.createGateway(options)
    await gateway.connect()
    return gateway
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((gateway) => gateway.close()))
    await this.transport.close()
    await Promise.all(this.#proxies.map((proxy) => proxy.close()))
    await this.discord.close()
  }
}

/** What a client dispatched: `[sequence, event, data]`. */
export interface Dispatched {
  readonly s: number
  readonly t: string
  readonly d: unknown
}

/** Every dispatch of a client from now on, and a promise for one to come. */
export function recordDispatches(gateway: GatewayClient): {
  readonly all: readonly Dispatched[]
  waitFor(test: (dispatched: Dispatched) => boolean): Promise<Dispatched>
} {
  const all: Dispatched[] = []
  const waiting = new Set<() => void>()
  gateway.on('dispatch', ({ s, t, d }) => {
    all.push({ s, t, d })
    for (const look of waiting) look()
  })
  return {
    all,
    waitFor: (test) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = all.find(test)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** The next event of a kind: its first value. */
export async function next(
  gateway: GatewayClient,
  name: 'ready' | 'resumed' | 'heartbeat' | 'disconnected' | 'reconnecting' | 'closed' | 'debug',
): Promise<unknown> {
  const values: unknown[] = await once(gateway, name)
  return values[0]
}

/** The next line of `debug` that contains a text. */
export function nextLine(gateway: GatewayClient, text: string): Promise<string> {
  return new Promise((resolve) => {
    const look = (line: string): void => {
      if (!line.includes(text)) return
      gateway.off('debug', look)
      resolve(line)
    }
    gateway.on('debug', look)
  })
}

/** Runs a test on a lab of its own, so that those which wait for Discord's five seconds can do it together. */
export async function withLab(
  options: Partial<DiscordOptions>,
  test: (lab: GatewayLab) => Promise<void>,
): Promise<void> {
  const lab = await GatewayLab.start(options)
  try {
    await test(lab)
  } finally {
    await lab.close()
  }
}

/** The rejection of a promise. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}
