/** The variables of POSIX that say in which language a program writes, the strongest first. */
const VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG'] as const

/**
 * Whether a program that is started like this writes Chinese. A variable that names another language than English and
 * Chinese means English.
 *
 * @param asked by a flag, before every variable
 */
export function wantsChinese(env: Readonly<Record<string, string | undefined>>, asked?: string): boolean {
  const variable = VARIABLES.map((name) => env[name] ?? '').find((value) => value !== '')
  return /^zh(?:[-_.@]|$)/i.test(asked ?? variable ?? '')
}
