import { OpenClawError } from '../openclaw-error.js'
import { signDevice, type Challenge, type SigningDevice } from '../device/device-key.js'
import type { ClientSettings, OpenClawClientOptions } from '../options.js'
import type { Fields } from './frames.js'

/** The frame before the handshake may have 64 KiB: the gateway closes without an answer above that. */
export const MAX_HANDSHAKE_BYTES = 64 * 1024

/** Protocol versions that this client speaks. An older gateway answers 3, today's answers 4. */
const PROTOCOLS = { min: 3, max: 4 } as const

export type Credentials = Pick<OpenClawClientOptions, 'token' | 'password'>

export interface HandshakeSettings extends Pick<ClientSettings, 'client' | 'role' | 'scopes' | 'caps'> {
  readonly credentials: Credentials
  readonly device: SigningDevice | undefined
}

/** Of this client, not of the package: the gateway writes it into its log. */
const CLIENT_VERSION = '1.0.0'
const CLIENT_NAME = 'discord-transport'

/** The parameters of `connect`. A device token goes where no shared secret is given. */
export function connectParams(settings: HandshakeSettings, challenge: Challenge): Fields {
  const { client, role, scopes, caps, credentials, device } = settings
  const { platform } = device ?? process
  const { token, password } = credentials
  const deviceToken = token === undefined && password === undefined ? device?.token : undefined
  const secret = token ?? password ?? deviceToken
  return {
    minProtocol: PROTOCOLS.min,
    maxProtocol: PROTOCOLS.max,
    client: { id: client.id, version: CLIENT_VERSION, platform, mode: client.mode, displayName: CLIENT_NAME },
    role,
    scopes,
    caps,
    userAgent: `${CLIENT_NAME} node/${process.versions.node}`,
    ...(secret === undefined ? {} : { auth: { token, password, deviceToken } }),
    // A password is not part of what is signed, a token is.
    ...(device && { device: signDevice(device, settings, challenge, token ?? deviceToken ?? '') }),
  }
}

/** What is wrong with a handshake that the gateway would close without an answer. */
export function handshakeProblem(frame: string): OpenClawError | undefined {
  const bytes = Buffer.byteLength(frame)
  if (bytes <= MAX_HANDSHAKE_BYTES) return undefined
  return new OpenClawError(`The handshake has ${bytes} bytes, and the gateway takes ${MAX_HANDSHAKE_BYTES}`, {
    code: 'ERR_OPENCLAW_FRAME_TOO_LARGE',
    hint: 'Give fewer scopes and capabilities, and check the token.',
    method: 'connect',
  })
}
