import { say, speak, wantsChinese } from '../messages/index.js'
import { UsageError } from './exit-codes.js'

export interface LanguageFlags {
  readonly lang?: string
  readonly json?: boolean
}

/**
 * From now on the command writes in the language that is asked for: `--lang`, else the variables of POSIX. JSON is for
 * programs, and the same in every language.
 *
 * @throws UsageError for a `--lang` that is neither English nor Chinese
 */
export async function chooseLanguage({ lang, json }: LanguageFlags, env = process.env): Promise<void> {
  if (lang !== undefined && !/^(?:en|zh)(?:[-_.]|$)/i.test(lang)) throw new UsageError(say('usage.lang'))
  if (json === true || !wantsChinese(env, lang)) return
  speak((await import('../messages/chinese/index.js')).CHINESE)
}
