import type { RESTOptions } from '@discordjs/rest'
import type { DiscordTransport, GatewayBotInfo } from '../../index.js'
import { requireTransport } from '../transport-option.js'
import { keepGiven } from '../warning.js'

type MakeRequest = RESTOptions['makeRequest']

/**
 * Options for `new REST(options)` of @discordjs/rest 2: every request is a `transport.fetch`.
 *
 * @param transport what createDiscordTransport() returns
 * @param options the bot's own options; all are kept, and a `makeRequest` among them is kept with a warning
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 */
export function restOptions(
  transport: DiscordTransport,
  options: Partial<RESTOptions> = {},
): Partial<RESTOptions> & Pick<RESTOptions, 'makeRequest'> {
  requireTransport(transport)
  return { ...options, makeRequest: keepGiven(options.makeRequest, requestThrough(transport), 'makeRequest') }
}

/**
 * `transport.fetch` in the types of @discordjs/rest: those of undici 6 for its arguments, and of its own for the
 * answer.
 *
 * @param gatewayInfo the answer to GET /gateway/bot, if it is known: then Discord is not asked
 */
export function requestThrough(transport: DiscordTransport, gatewayInfo?: GatewayBotInfo): MakeRequest {
  return (url, init) => {
    if (gatewayInfo !== undefined && url.endsWith('/gateway/bot'))
      return Promise.resolve(Response.json(gatewayInfo))
    return transport.fetch(url, init)
  }
}
