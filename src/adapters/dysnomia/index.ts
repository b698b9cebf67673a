import type { ClientOptions } from '@projectdysnomia/dysnomia'
import type { DiscordTransport } from '../../index.js'
import { requireTransport } from '../transport-option.js'
import { keepGiven, socketOptions } from '../warning.js'

/**
 * Options for `new Client(token, options)` of Dysnomia 0.2: REST, the gateway and the WebSocket of voice take the
 * transport's agent. The audio of voice is UDP and stays direct.
 *
 * @param transport what createDiscordTransport() returns
 * @param options the bot's own options; all are kept, and an agent among them is kept with a warning
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 */
export function clientOptions(transport: DiscordTransport, options: ClientOptions = {}): ClientOptions {
  const { agent } = requireTransport(transport)
  const { rest, voice, ws } = options
  return {
    ...options,
    rest: { ...rest, agent: keepGiven(rest?.agent, agent, 'rest.agent') },
    ws: socketOptions(ws, agent, 'ws'),
    voice: { ...voice, ws: socketOptions(voice?.ws, agent, 'voice.ws') },
  }
}
