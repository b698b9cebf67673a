import { conceal } from '../../config/conceal.js'
import type { ProxySource } from '../../config/index.js'
import type { DiscordTransport } from '../../index.js'
import type { OpenClawEventQueue, OpenClawGatewayOptions } from './discord-limits.js'
import type { OpenClawInstallOptions, OpenClawOptions } from './reading.js'

/** A transport as OpenClaw's configuration asks for it, and what else stands there about Discord. */
export interface OpenClawTransport {
  readonly transport: DiscordTransport
  /** The bot's token; undefined where none is configured. Hidden from inspection and JSON, and lost by a spread. */
  readonly token: string | undefined
  /** The account's, else the channel's: Carbon's `clientId`. */
  readonly applicationId: string | undefined
  /** Spread into `transport.install()`. */
  readonly installOptions: OpenClawInstallOptions
  /** Spread into `transport.createGateway()` and the options of the adapters. */
  readonly gatewayOptions: OpenClawGatewayOptions
  /** For Carbon's Client. */
  readonly eventQueue: OpenClawEventQueue
  /** The id of the account. */
  readonly account: string
  /** The ids of all accounts, sorted. */
  readonly accounts: readonly string[]
  /** Whether neither the channel nor the account is switched off. The transport works all the same. */
  readonly enabled: boolean
  /**
   * The setting or the variable that the proxy came from, such as `channels.discord.accounts.ops.proxy`,
   * `channels.discord.proxy`, `proxy.proxyUrl`, `OPENCLAW_PROXY_URL` or `HTTPS_PROXY`; `config` for the option
   * `proxy`; null without a proxy.
   */
  readonly source: ProxySource | null
  /** What is easily overlooked: a proxy that bypasses another, settings that OpenClaw itself reads in another way. */
  readonly notes: readonly string[]
}

/**
 * Creates a transport from OpenClaw's configuration: https://docs.openclaw.ai/gateway/configuration
 *
 * The proxy is the account's, the channel's, `proxy.proxyUrl`, `OPENCLAW_PROXY_URL`, or else what
 * `createDiscordTransport()` finds. The first that is set decides.
 *
 * @param options which account and file; all others are those of the transport
 * @throws TransportError ERR_INVALID_OPTIONS or ERR_PROXY_CONFIG that names the setting and the fix, and never holds a
 *   secret
 */
export async function transportFromOpenClaw(options: OpenClawOptions = {}): Promise<OpenClawTransport> {
  // Loaded on demand: who imports the client of the gateway alone must not load the transport.
  const [{ readOpenClaw, readToken }, { openTransport }] = await Promise.all([
    import('./reading.js'),
    import('./open-transport.js'),
  ])
  const reading = await readOpenClaw(options)
  const { account, enabled, proxy, installOptions, limits, notes, applicationId } = reading
  const token = await readToken(reading)
  return conceal(
    {
      transport: openTransport(reading),
      token,
      applicationId,
      installOptions,
      gatewayOptions: limits.gatewayOptions,
      eventQueue: limits.eventQueue,
      account: account.id,
      accounts: account.all,
      enabled,
      source: proxy?.source ?? null,
      notes,
    },
    ['token'],
  )
}
