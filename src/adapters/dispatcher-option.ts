import type { DiscordTransport } from '../index.js'
import { keepGiven } from './warning.js'

/**
 * The transport's dispatcher for the option of a library that was built against another undici.
 *
 * The types of undici 5, 6 and 7 do not fit each other, although each takes the others' dispatchers: `dispatch` is
 * all that they call. https://undici.nodejs.org/#/docs/api/Dispatcher
 *
 * @param given the user's own dispatcher, which is kept with a warning
 * @param option the option's name as the user writes it, such as `rest.agent`
 */
export function dispatcherOption<Theirs extends object>(
  { dispatcher }: Pick<DiscordTransport, 'dispatcher'>,
  given: Theirs | null | undefined,
  option: string,
): Theirs {
  const isTheirs = (value: object): value is Theirs => 'dispatch' in value
  const ours: object = dispatcher
  if (!isTheirs(ours)) throw new TypeError('transport.dispatcher has no dispatch()')
  return keepGiven(given, ours, option)
}
