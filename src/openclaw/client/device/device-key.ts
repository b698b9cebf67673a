import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto'
import { OpenClawError } from '../openclaw-error.js'
import type { ClientSettings } from '../options.js'
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

/** The device that signs a handshake. */
export interface SigningDevice {
  readonly key: DeviceKey
  readonly platform: string
  readonly signature: 'v3' | 'v2'
  /** That the gateway has given to it. */
  readonly token: string | undefined
}

export interface Challenge {
  readonly nonce: string
  /** By the gateway's clock, which the signature has to repeat. */
  readonly ts: number
}

/**
 * `device` of the parameters of `connect`. Version 3 of the signature also covers the platform and the device family,
 * version 2 is for older gateways.
 */
export function signDevice(
  { key, platform, signature: version }: SigningDevice,
  { client, role, scopes }: Pick<ClientSettings, 'client' | 'role' | 'scopes'>,
  { nonce, ts }: Challenge,
  token: string,
): Fields {
  const common = [version, key.id, client.id, client.mode, role, scopes.join(','), ts, token, nonce]
  // The last field is the device family, which this client does not send.
  const signed = version === 'v2' ? common : [...common, platform.trim().toLowerCase(), '']
  const signature = sign(null, Buffer.from(signed.join('|')), key.privateKey).toString('base64url')
  return { id: key.id, publicKey: key.publicKey, signature, signedAt: ts, nonce }
}
