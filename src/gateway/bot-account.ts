import { GATEWAY_BOT_URL, USER_AGENT } from '../discord/gateway-bot.js'
import { askDiscord, GatewayLookup } from './gateway-lookup.js'
import { IdentifyQueue } from './identify-queue.js'

export type GatewayFetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<Response>

/**
 * What all gateways of one token share. Discord counts identifies for the bot, so several clients with one shard each
 * wait for each other, and one answer of /gateway/bot serves all of them.
 */
export interface BotAccount {
  readonly identifies: IdentifyQueue
  readonly lookup: GatewayLookup
}

/** The accounts of one transport. They outlive their clients, as Discord's window for identifies does. */
export class BotAccounts {
  readonly #byToken = new Map<string, BotAccount>()

  of(token: string, fetch: GatewayFetch): BotAccount {
    const known = this.#byToken.get(token)
    if (known !== undefined) return known
    const identifies = new IdentifyQueue()
    const headers = { authorization: `Bot ${token}`, 'user-agent': USER_AGENT }
    const lookup = new GatewayLookup({
      name: 'GET /gateway/bot',
      ask: (signal) => askDiscord(() => fetch(GATEWAY_BOT_URL, { headers, signal })),
      onAnswer: ({ session_start_limit: limit }) => identifies.configure(limit),
    })
    const account = { identifies, lookup }
    this.#byToken.set(token, account)
    return account
  }
}
