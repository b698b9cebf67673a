import type { ClientOptions } from 'eris'
import type { DiscordTransport } from '../../index.js'
import { requireTransport } from '../transport-option.js'
import { warnAboutDirectVoice } from '../voice-warning.js'
import { keepGiven, socketOptions } from '../warning.js'

/**
 * Options for `new Eris(token, options)` of Eris 0.18: REST and the gateway take the transport's agent.
 *
 * Eris opens its voice connections without asking any option, so voice is direct. A warning says so at the first
 * use.
 *
 * @param transport what createDiscordTransport() returns
 * @param options the bot's own options; all are kept, and an agent among them is kept with a warning
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 */
export function clientOptions(transport: DiscordTransport, options: ClientOptions): ClientOptions {
  const { agent } = requireTransport(transport)
  warnAboutDirectVoice(agent)
  const { rest } = options
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- Eris still copies it to both places
  const given = options.agent
  return {
    ...options,
    rest: { ...rest, agent: keepGiven(rest?.agent ?? given, agent, 'rest.agent') },
    ws: socketOptions(options.ws, given ?? agent, 'ws'),
  }
}
