import type { ClientOptions } from 'oceanic.js'
import type { DiscordTransport } from '../../index.js'
import { dispatcherOption } from '../dispatcher-option.js'
import { requireTransport } from '../transport-option.js'
import { warnAboutDirectVoice } from '../voice-warning.js'
import { socketOptions } from '../warning.js'

/**
 * Options for `new Client(options)` of oceanic.js 1.15: REST takes the transport's dispatcher, the gateway its
 * agent.
 *
 * Voice is that of @discordjs/voice, which takes no agent, so it is direct. A warning says so at the first use.
 *
 * @param transport what createDiscordTransport() returns
 * @param options the bot's own options; all are kept, and an agent among them is kept with a warning
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 */
export function clientOptions(transport: DiscordTransport, options: ClientOptions = {}): ClientOptions {
  const { agent } = requireTransport(transport)
  const { rest, gateway } = options
  warnAboutDirectVoice(agent)
  return {
    ...options,
    rest: { ...rest, agent: dispatcherOption(transport, rest?.agent, 'rest.agent') },
    gateway: { ...gateway, ws: socketOptions(gateway?.ws, agent, 'gateway.ws') },
  }
}
