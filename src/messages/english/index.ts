import { COMMAND } from './command.js'
import { DOCTOR } from './doctor.js'
import { OPENCLAW } from './openclaw.js'
import { PROCESS } from './process.js'
import { ROUTE } from './route.js'
import { VALIDATE } from './validate.js'

/**
 * Every text that users see, in English. Another language is another object with the same keys, such as ../chinese.
 *
 * A text has one wording, or one for each audience where the library and the command name the same setting
 * differently. `{name}` stands for a value.
 */
export const ENGLISH = { ...ROUTE, ...DOCTOR, ...VALIDATE, ...PROCESS, ...COMMAND, ...OPENCLAW } as const
