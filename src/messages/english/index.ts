import { COMMAND } from './command.js'
import { CONFIG } from './config.js'
import { DOCTOR } from './doctor.js'
import { ENVIRONMENT } from './environment.js'
import { OPENCLAW } from './openclaw.js'
import { PROCESS } from './process.js'
import { ROUTE } from './route.js'
import { USAGE } from './usage.js'
import { VALIDATE } from './validate.js'

/**
 * Every text that users see, in English. Another language is another object with the same keys, such as ../chinese.
 *
 * `{name}` stands for a value, and `{option|--flag}` for the first to users of the library, for the second to those of
 * the command.
 */
export const ENGLISH = {
  ...CONFIG,
  ...ROUTE,
  ...DOCTOR,
  ...VALIDATE,
  ...PROCESS,
  ...COMMAND,
  ...USAGE,
  ...ENVIRONMENT,
  ...OPENCLAW,
} as const
