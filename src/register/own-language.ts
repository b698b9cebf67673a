import { createRequire } from 'node:module'
import type { Environment } from '../config/variables.js'
import { speak, wantsChinese, type Language } from '../messages/index.js'

interface LoadedChinese {
  readonly CHINESE: Language
}

/**
 * The last line of a process that register ends is for the person who starts it: so it is in that person's language.
 * What a bot logs later stays English.
 */
export function speakAs(env: Environment): void {
  if (!wantsChinese(env)) return
  try {
    // Synchronous, since the process ends before any other code runs.
    const { CHINESE } = createRequire(import.meta.url)('./chinese.cjs') as LoadedChinese
    speak(CHINESE)
  } catch {
    // An image that copies single files may lack it: the reason in English is better than none.
  }
}
