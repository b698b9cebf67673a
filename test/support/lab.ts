import { EventEmitter } from 'node:events'
import { onTestFinished } from 'vitest'
import {
  createDiscordTransport,
  type DiscordTransport,
  type TransportEvent,
  type TransportOptions,
} from '../../src/index.js'
import { labAuthority, type CertificateAuthority } from '../lab/certificates.js'
import { startDiscord, type DiscordOptions, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy, type LabScheme, type ProxyOptions } from '../lab/proxy/index.js'

export { GATEWAY, USERS_ME } from './urls.js'

export interface LabOptions extends Partial<Omit<ProxyOptions, 'names'>> {
  /** Options of the fake Discord. */
  readonly discord?: Partial<Omit<DiscordOptions, 'names'>>
  /** Options of the transport, over those that make it work in this lab. */
  readonly transport?: TransportOptions
}

/** A fake Discord, the one proxy that leads to it, and a transport through that proxy. */
export interface Lab {
  readonly names: LabNames
  /** Issues every certificate of the lab: Discord's and the proxy's. */
  readonly ca: CertificateAuthority
  readonly discord: FakeDiscord
  readonly proxy: LabProxy
  readonly transport: DiscordTransport
  /** What `transport` told its `onEvent`, unless the options brought their own. */
  readonly events: readonly TransportEvent[]
  /** The next event of this type, from now on. */
  readonly nextEvent: (type: TransportEvent['type']) => Promise<TransportEvent>
  /** Headers with the bot's token. */
  readonly headers: { readonly authorization: string }
  /** Another transport of this lab. */
  readonly createTransport: (options?: TransportOptions) => DiscordTransport
  /** Another proxy of this lab. */
  readonly startProxy: (options: Partial<Omit<ProxyOptions, 'names'>>) => Promise<LabProxy>
}

/** Everything is closed when the test has finished. Not for concurrent tests. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { discord: discordOptions, transport: transportOptions, ...proxyOptions } = options
  const names = new LabNames()
  const ca = await labAuthority()
  const discord = await startDiscord({ names, ca, ...discordOptions })
  onTestFinished(() => discord.close())

  const addProxy = async (extra: Partial<Omit<ProxyOptions, 'names'>>): Promise<LabProxy> => {
    const scheme: LabScheme = extra.scheme ?? 'http'
    const tls = scheme === 'https' ? { tls: { ca } } : {}
    const started = await startProxy({ ...tls, ...extra, scheme, names })
    onTestFinished(() => started.close())
    return started
  }
  const proxy = await addProxy(proxyOptions)

  const events: TransportEvent[] = []
  const emitter = new EventEmitter()
  const onEvent = (event: TransportEvent): void => {
    events.push(event)
    emitter.emit(event.type, event)
  }
  const createTransport = (extra: TransportOptions = {}): DiscordTransport => {
    const created = createDiscordTransport({
      // A source of the environment must be able to win.
      ...(extra.env === undefined ? { proxy: proxy.url } : {}),
      env: {},
      tls: { ca: discord.ca },
      proxyTls: { ca: ca.certificate },
      connectTimeoutMs: 5_000,
      // Tunnels and repetitions of its own would be in the way of tests that count and time.
      keepWarm: false,
      delivery: false,
      onEvent,
      ...extra,
    })
    onTestFinished(() => created.close())
    return created
  }
  return {
    names,
    ca,
    discord,
    proxy,
    transport: createTransport(transportOptions),
    events,
    nextEvent: (type) => new Promise((resolve) => emitter.once(type, resolve)),
    headers: { authorization: `Bot ${discord.token}` },
    createTransport,
    startProxy: addProxy,
  }
}
