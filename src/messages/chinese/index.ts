import { COMMAND_CHINESE } from './command.js'
import { DOCTOR_CHINESE } from './doctor.js'
import { ROUTE_CHINESE } from './route.js'

/** What the doctor and the command say, in Chinese. A text that is missing here is shown in English. */
export const CHINESE = { ...ROUTE_CHINESE, ...DOCTOR_CHINESE, ...COMMAND_CHINESE }
