import { problemsError } from '../../config/problems.js'
import { sanitizeForeignText } from '../../config/redact.js'
import type { TransportError } from '../../errors.js'
import { render, type MessageKey, type ValueNames } from '../../messages/index.js'

/** The keys that lead to a setting. */
export type Path = readonly string[]

/** `channels.discord.proxy`: what a setting is called in messages. */
export function nameOf(path: Path): string {
  return path.map((key) => sanitizeForeignText(key, 64)).join('.')
}

/** The values that both texts need. */
type Values<Key extends MessageKey> = Readonly<Record<ValueNames<Key>, string | number>>

/** Something that the configuration holds: its place, what is wrong there, and what to do. Holds no value. */
export function settingError<Key extends MessageKey, Hint extends MessageKey>(
  place: Path | string,
  message: Key,
  hint: Hint,
  ...[values]: [ValueNames<Key | Hint>] extends [never] ? [] : [values: Values<Key | Hint>]
): TransportError {
  const name = typeof place === 'string' ? place : nameOf(place)
  const shown = values ?? {}
  const problem = {
    text: `${name}: ${render({ key: message, values: shown })}`,
    hint: render({ key: hint, values: shown }),
  }
  return problemsError([problem], 'ERR_INVALID_OPTIONS')
}
