import { configError } from '../../errors.js'
import type { Audience } from '../../messages/index.js'
import { checkTimeoutMs } from '../time-limit.js'
import type { HopProgress } from './hop-log.js'

/** What `transport.diagnose()` tries, and for how long. */
export interface DiagnoseOptions {
  /** The bot's token, for the hops that need one. READY uses one of the day's session starts. */
  readonly token?: string | undefined
  /** Whether a token is identified with too, up to READY. Default: true. */
  readonly identify?: boolean | undefined
  /** The intents that the bot identifies with. The hop `intents` fails where the application lacks one. Default: 0. */
  readonly intents?: number | undefined
  /**
   * The id of a channel in which to send a message, upload a file, download it, edit the message and delete both.
   * Needs `token`. Default: no message is sent.
   */
  readonly channel?: string | undefined
  /** Bytes of the file that is uploaded, from 1 to 524 288 000. Default: 1 048 576. */
  readonly uploadBytes?: number | undefined
  /** Whether Discord is tried without the proxy too, without the token. Default: false. */
  readonly compare?: boolean | undefined
  /** Whether a connection to every host of Discord's is tried, also to those that only some bots use. Default: false. */
  readonly allHosts?: boolean | undefined
  /** Milliseconds for everything, from 1 to 600 000. Default: 14 000. */
  readonly timeoutMs?: number | undefined
  /** Ends the diagnosis early; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Told when a hop begins and when it has ended. What it throws ends the diagnosis as `signal` does. */
  readonly onProgress?: ((progress: HopProgress) => void) | undefined
  /** Whether this is a container. Default: found out. */
  readonly inContainer?: boolean | undefined
  /** Whether hints name the options of the library or the flags of the command. Default: `'library'`. */
  readonly audience?: Audience | undefined
}

/** What needs the token, with the defaults filled in. */
export interface TokenQuestions {
  readonly token: string
  readonly identify: boolean
  readonly intents: number
  readonly messages: { readonly channel: string; readonly uploadBytes: number } | undefined
}

export const DEFAULT_TIMEOUT_MS = 14_000
const DEFAULT_UPLOAD_BYTES = 1024 * 1024
/** Discord's highest limit of a file. */
const MAX_UPLOAD_BYTES = 500 * 1024 * 1024

/** @throws TransportError ERR_PROXY_CONFIG that names the option */
export function checkDiagnoseOptions(options: DiagnoseOptions): void {
  checkTimeoutMs(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const { token, intents = 0, channel, uploadBytes = DEFAULT_UPLOAD_BYTES } = options
  const bytes = `must be a whole number of bytes from 1 to ${MAX_UPLOAD_BYTES}`
  if (!Number.isSafeInteger(intents) || intents < 0)
    throw configError('intents', 'must be a whole number of 0 or more', 'Add up the values of the intents.')
  if (!Number.isInteger(uploadBytes) || uploadBytes < 1 || uploadBytes > MAX_UPLOAD_BYTES)
    throw configError('uploadBytes', bytes, 'Leave it out for 1 MiB.')
  if (channel === undefined) return
  const id = "must be a channel's id: 17 to 20 digits"
  // It becomes a part of a URL.
  if (!/^\d{1,20}$/.test(channel))
    throw configError('channel', id, 'Copy the id from Discord (developer mode).')
  const hint = 'Messages are sent by the bot: give its token too.'
  if (token === undefined) throw configError('channel', 'needs the option token', hint)
}

/** Undefined without a token. */
export function tokenQuestions(options: DiagnoseOptions): TokenQuestions | undefined {
  const { token, identify = true, intents = 0, channel, uploadBytes = DEFAULT_UPLOAD_BYTES } = options
  if (token === undefined) return undefined
  return { token, identify, intents, messages: channel === undefined ? undefined : { channel, uploadBytes } }
}
