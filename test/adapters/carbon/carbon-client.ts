import { Client } from '@buape/carbon'
import type { DiscordTransport } from '../../../src/index.js'
import type { FakeDiscord } from '../../lab/discord/index.js'

/** A client of Carbon for the bot of the lab, whose requests take the transport. */
export function createCarbonClient(
  {
    discord,
    transport,
  }: { readonly discord: Pick<FakeDiscord, 'token' | 'user'>; readonly transport: DiscordTransport },
  handlers: ConstructorParameters<typeof Client>[1] = {},
): Client {
  return new Client(
    {
      baseUrl: 'http://localhost',
      clientId: discord.user.id,
      publicKey: '00'.repeat(32),
      token: discord.token,
      disableDeployRoute: true,
      requestOptions: transport.requestOptions,
    },
    handlers,
  )
}
