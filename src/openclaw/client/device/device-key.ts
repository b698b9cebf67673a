import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto'
import { OpenClawError } from '../openclaw-error.js'
import type { Fields } from '../wire/frames.js'

/** An Ed25519 key: the identity of a device. */
export interface DeviceKey {
  /** The SHA-256 of the 32 bytes of the public key, in lower-case hexadecimal digits. */
  readonly id: string
  /** The 32 bytes of the public key in base64url. */
  readonly publicKey: string
  readonly privateKey: KeyObject
}

export function createDeviceKey(): DeviceKey {
  return deviceKey(generateKeyPairSync('ed25519').privateKey)
}

/** @throws OpenClawError ERR_OPENCLAW_DEVICE for what is no Ed25519 key */
export function readDeviceKey(pem: string, where: string): DeviceKey {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    // Node's own error may repeat part of the key.
    throw unusableKey(where)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw unusableKey(where)
  return deviceKey(key)
}

export function writeDeviceKey({ privateKey }: DeviceKey): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function deviceKey(privateKey: KeyObject): DeviceKey {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const id = createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex')
  const key = { id, publicKey: x, privateKey }
  return Object.defineProperty(key, 'privateKey', { value: privateKey, enumerable: false })
}

function unusableKey(where: string): OpenClawError {
  return new OpenClawError(`${where}: expected an Ed25519 private key in PEM`, {
    code: 'ERR_OPENCLAW_DEVICE',
    hint: 'Move the file away: the client makes a new device, which has to be approved once.',
  })
}

/** Who connects: OpenClaw has a closed list of ids and modes, and `cli` with `cli` keeps its scopes without a device. */
export interface ClientIdentity {
  readonly id: string
  readonly mode: string
}

export interface Challenge {
  readonly nonce: string
  /** By the gateway's clock, which the signature has to repeat. */
  readonly ts: number
}

interface Signed {
  readonly client: ClientIdentity
  readonly role: string
  readonly scopes: readonly string[]
  readonly challenge: Challenge
  readonly platform: string
  readonly token: string
}

/**
 * `device` of the parameters of `connect`. Version 3 of the signature also covers the platform and the device family,
 * version 2 is for older gateways.
 */
export function signDevice(key: DeviceKey, version: 'v3' | 'v2', signed: Signed): Fields {
  const { nonce, ts } = signed.challenge
  return {
    id: key.id,
    publicKey: key.publicKey,
    signature: sign(null, Buffer.from(signedText(key.id, version, signed)), key.privateKey).toString(
      'base64url',
    ),
    signedAt: ts,
    nonce,
  }
}

function signedText(id: string, version: 'v3' | 'v2', signed: Signed): string {
  const { client, role, scopes, challenge, platform, token } = signed
  const common = [
    version,
    id,
    client.id,
    client.mode,
    role,
    scopes.join(','),
    challenge.ts,
    token,
    challenge.nonce,
  ]
  // The last field is the device family, which this client does not send.
  return (version === 'v2' ? common : [...common, platform.trim().toLowerCase(), '']).join('|')
}
