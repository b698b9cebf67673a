import type { SlashCreatorOptions } from 'slash-create'
import type { DiscordTransport } from '../../index.js'
import { dispatcherOption } from '../dispatcher-option.js'
import { requireTransport } from '../transport-option.js'
import { warnOnce } from '../warning.js'

/**
 * Options for `new SlashCreator(options)` of slash-create 7: REST takes the transport's dispatcher. The library has
 * no gateway of its own.
 *
 * @param transport what createDiscordTransport() returns
 * @param options the bot's own options; all are kept, and a `rest.agent` is kept with a warning
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 */
export function clientOptions(
  transport: DiscordTransport,
  options: SlashCreatorOptions,
): SlashCreatorOptions {
  requireTransport(transport)
  // The library accepts an agent at the top level and never reads it: a bot written so goes directly.
  if ('agent' in options && options.agent !== undefined && options.agent !== null)
    warnOnce(
      'The option agent of slash-create is never read: give rest.agent, or leave it to clientOptions().',
    )
  const { rest } = options
  return {
    ...options,
    rest: { ...rest, agent: dispatcherOption(transport, rest?.agent, 'rest.agent') },
  }
}
