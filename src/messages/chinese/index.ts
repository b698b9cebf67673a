import type { Language } from '../text.js'
import { COMMAND_CHINESE } from './command.js'
import { CONFIG_CHINESE } from './config.js'
import { DOCTOR_CHINESE } from './doctor.js'
import { ENVIRONMENT_CHINESE } from './environment.js'
import { OPENCLAW_CHINESE } from './openclaw.js'
import { PROCESS_CHINESE } from './process.js'
import { ROUTE_CHINESE } from './route.js'
import { USAGE_CHINESE } from './usage.js'
import { VALIDATE_CHINESE } from './validate.js'

/** Every text in Chinese. */
export const CHINESE: Language = {
  ...CONFIG_CHINESE,
  ...ROUTE_CHINESE,
  ...DOCTOR_CHINESE,
  ...VALIDATE_CHINESE,
  ...PROCESS_CHINESE,
  ...COMMAND_CHINESE,
  ...USAGE_CHINESE,
  ...ENVIRONMENT_CHINESE,
  ...OPENCLAW_CHINESE,
}
