import { ENGLISH } from './english/index.js'

/** The reader of a text. Users of the library write options, users of the command write flags. */
export type Audience = 'library' | 'command'

type Catalogue = typeof ENGLISH
export type MessageKey = keyof Catalogue

type Names<T> = T extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${string}|${string}` ? never : Name) | Names<Rest>
  : never

/** The names of the values that a text needs. */
export type ValueNames<Key extends MessageKey> = Names<Catalogue[Key]>

/** The texts that need no value. */
export type PlainKey = { [Key in MessageKey]: [ValueNames<Key>] extends [never] ? Key : never }[MessageKey]

type Value = string | number
type Values<Key extends MessageKey> = [ValueNames<Key>] extends [never]
  ? []
  : [values: Readonly<Record<ValueNames<Key>, Value>>]

/** A text that is not written yet: its language and its audience are chosen when it is shown. */
export interface Text {
  readonly key: MessageKey
  readonly values: Readonly<Record<string, Value>>
}

/** A text of the catalogue. The compiler checks that each `{name}` in it has a value. */
export function text<Key extends MessageKey>(key: Key, ...[values]: Values<Key>): Text {
  return { key, values: values ?? {} }
}

/** The whole catalogue in one language: the compiler checks that no text is missing. */
export type Language = Readonly<Record<MessageKey, string>>

let language: Language = ENGLISH

/**
 * Every text is written in this language from now on. The command calls it before anything else, and register before
 * the line with which it ends a process: the library always speaks English, so that logs of all bots can be searched for
 * the same words.
 */
export function speak(wanted: Language): void {
  language = wanted
}

/** Writes a text in the words of its audience. */
export function render({ key, values }: Text, audience: Audience = 'library'): string {
  return language[key].replace(/\{([^{}|]*)(?:\|([^{}]*))?\}/g, (_whole, first: string, second?: string) =>
    second === undefined ? String(values[first]) : audience === 'library' ? first : second,
  )
}

/** {@link text} and {@link render} in one, for a text that is shown at once. */
export function say<Key extends MessageKey>(key: Key, ...values: Values<Key>): string {
  return render(text(key, ...values))
}
