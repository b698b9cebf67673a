import type { DiscordTransport, GatewayClient, GatewayClientOptions } from '../../src/index.js'
import { isSupported, type GatewayCompression } from '../../src/gateway/compression/compression.js'
import type { FakeDiscord } from '../lab/discord/index.js'
import { INTENTS } from './gateway-lab.js'
import type { Random } from './seeded-random.js'

/** What a bot received of one dispatch. */
export interface ReceivedDispatch {
  readonly s: number
  readonly d: unknown
}

/** A bot whose events are counted while faults strike. */
export interface FaultBot {
  /** The client on which it stands. */
  readonly gateway: GatewayClient
  /** Opens the connection; resolves with the first session. */
  readonly connect: () => Promise<unknown>
  /** Each dispatch, where the bot's own code would see it. */
  readonly onDispatch: (listener: (dispatch: ReceivedDispatch) => void) => void
  readonly close: () => unknown
}

export interface FaultBotLab {
  readonly transport: DiscordTransport
  readonly discord: FakeDiscord
  readonly random: Random
}

export type StartBot = (lab: FaultBotLab) => FaultBot | Promise<FaultBot>

/** Short times, so that a run has many faults in it, and a compression by chance. */
export function faultOptions(random: Random): Partial<GatewayClientOptions> {
  const compressions = (['none', 'zlib-stream', 'zstd-stream'] satisfies GatewayCompression[]).filter(
    isSupported,
  )
  return {
    compression: random.pick(compressions),
    backoffBaseMs: 50,
    backoffMaxMs: 200,
    gatewayReadyTimeoutMs: 2_000,
    gatewayRuntimeReadyTimeoutMs: 2_000,
  }
}

/** A bare gateway client. */
export const ownBot: StartBot = ({ transport, discord, random }) => {
  const gateway = transport.createGateway({
    token: discord.token,
    intents: INTENTS,
    ...faultOptions(random),
  })
  return {
    gateway,
    connect: () => gateway.connect(),
    onDispatch: (listener) => gateway.on('dispatch', listener),
    close: () => gateway.close(),
  }
}
