import { GatewayError, type DiscordTransport } from '../index.js'

/**
 * How many shards Discord recommends. The frameworks ask with the global fetch.
 *
 * @throws GatewayError if Discord answers with anything else, such as 401
 */
export async function recommendedShards(transport: DiscordTransport, token: string): Promise<number> {
  const response = await transport.fetch('https://discord.com/api/v10/gateway/bot', {
    headers: { authorization: `Bot ${token}` },
  })
  const answer: unknown = await response.json()
  if (typeof answer === 'object' && answer !== null && 'shards' in answer) return Number(answer.shards)
  throw new GatewayError(`GET /gateway/bot answered with status ${response.status}`, {
    code: response.status === 401 ? 'ERR_GATEWAY_AUTHENTICATION' : 'ERR_GATEWAY_STORE',
    hint: 'Look at the token, or say how many shards the bot has.',
  })
}
