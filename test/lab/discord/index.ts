import { labAuthority } from '../certificates.js'
import { CDN_HOST, MEDIA_HOST } from './cdn.js'
import { DEFAULT_RESUME_HOST, FakeDiscord, type DiscordOptions } from './fake-discord.js'
import { GATEWAY_HOST } from './gateway.js'
import { REST_HOST } from './rest.js'

export { CDN_HOST, FakeDiscord, GATEWAY_HOST, MEDIA_HOST, REST_HOST }
export type { OpenConnection } from './connections.js'
export type { DiscordOptions, SayOptions } from './fake-discord.js'
export type { Authentication } from './gateway.js'
export type { GatewayConnection, ReceivedPayload } from './gateway-connection.js'
export type { CannedAnswer, InterceptHandler, InterceptOptions } from './interceptors.js'
export type { Interaction } from './interactions.js'
export type { Message } from './message.js'
export type { RecordedFile, RecordedRequest, RequestMatch } from './recorded-request.js'
export type { User } from './state.js'

/** Servers of their own for every call, on ports that the system picks. */
export async function startDiscord(options: DiscordOptions): Promise<FakeDiscord> {
  const ca = options.ca ?? (await labAuthority())
  const [rest, gateway, cdn] = await Promise.all([
    ca.issue([REST_HOST, `*.${REST_HOST}`]),
    ca.issue([GATEWAY_HOST, options.resumeHost ?? DEFAULT_RESUME_HOST]),
    ca.issue([CDN_HOST, MEDIA_HOST]),
  ])
  const discord = new FakeDiscord(options, ca.certificate, { rest, gateway, cdn })
  await discord.listen()
  return discord
}
