import { speak } from '../messages/index.js'
import { UsageError } from './exit-codes.js'

export interface LanguageFlags {
  readonly lang?: string
}

/** The variables of POSIX that say in which language a program writes, the strongest first. */
const VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG'] as const

/**
 * From now on the command writes in the language that is asked for: `--lang`, else the first variable that is set. A
 * variable that names another language than English and Chinese means English.
 */
export async function chooseLanguage({ lang }: LanguageFlags, env = process.env): Promise<void> {
  const variable = VARIABLES.map((name) => env[name] ?? '').find((value) => value !== '')
  if (lang !== undefined && !/^(?:en|zh)(?:[-_.]|$)/i.test(lang))
    throw new UsageError('--lang: expected en or zh-CN')
  if (/^zh(?:[-_.@]|$)/i.test(lang ?? variable ?? ''))
    speak((await import('../messages/chinese/index.js')).CHINESE)
}
