import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto'
import type { Admission } from '../../../src/openclaw/mock/connection.js'
import { invalid, Refused } from '../../../src/openclaw/mock/refused.js'

type Fields = Readonly<Record<string, unknown>>

interface Paired {
  readonly scopes: readonly string[]
  readonly platform: string
  readonly token: string
}

export interface DeviceRules {
  readonly token: string
  /** Whether the shared secret is a password. */
  readonly password?: boolean
  /** Whether a new device has to be approved, as one on another host has. */
  readonly approval?: boolean
}

/** Signed more than this long before or after the challenge is too old. */
const SKEW_MS = 120_000
/** DER before the 32 bytes of an Ed25519 key: RFC 8410 §4. */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Shared secrets, devices, their approval and their tokens, as OPENCLAW's handshake treats them. */
export class Devices {
  readonly rules: DeviceRules
  readonly paired = new Map<string, Paired>()
  readonly pending = new Map<
    string,
    { readonly requestId: string; readonly scopes: readonly string[]; readonly platform: string }
  >()
  /** Signatures that were checked and found good. */
  verified: string[] = []

  constructor(rules: DeviceRules) {
    this.rules = rules
  }

  /** @throws Refused */
  admit(params: Fields, nonce: string, ts: number): Admission {
    const auth = fieldsOf(params['auth'])
    const device = params['device'] === undefined ? undefined : fieldsOf(params['device'])
    const scopes = listOf(params['scopes'])
    const secret = auth['token'] ?? auth['password']
    const isShared = secret === this.rules.token
    if (device === undefined) return this.#withoutDevice(params, scopes, secret, isShared)
    const version = checkDevice(params, device, nonce, ts)
    this.verified.push(version)
    const id = String(device['id'])
    const paired = this.paired.get(id)
    const presented = auth['deviceToken'] ?? (isShared ? undefined : auth['token'])
    const platform = String(fieldsOf(params['client'])['platform'])
    if (isShared) return this.#shared(id, scopes, platform)
    const { password } = this.rules
    if (presented === undefined) throw secret === undefined ? missing(password) : mismatch(true, password)
    if (paired?.token !== presented) {
      if (auth['token'] !== undefined) throw mismatch(paired !== undefined, password)
      throw invalid('unauthorized: device token mismatch', { code: 'AUTH_DEVICE_TOKEN_MISMATCH' })
    }
    if (paired.platform !== platform) throw this.#pair(id, scopes, platform, paired)
    const more = scopes.filter((scope) => !paired.scopes.includes(scope))
    if (more.length > 0)
      throw invalid('unauthorized: device token scope mismatch', {
        code: 'AUTH_SCOPE_MISMATCH',
        recommendedNextStep: 'review_auth_configuration',
      })
    return { role: 'operator', scopes, method: 'device-token', hasDevice: true }
  }

  approve(requestId: string): void {
    for (const [id, { requestId: pendingId, scopes, platform }] of this.pending) {
      if (pendingId !== requestId) continue
      this.pending.delete(id)
      this.paired.set(id, { scopes, platform, token: randomUUID() })
    }
  }

  /** The device has another token from now on. */
  rotate(id: string): void {
    const paired = this.paired.get(id)
    if (paired !== undefined) this.paired.set(id, { ...paired, token: randomUUID() })
  }

  #withoutDevice(params: Fields, scopes: readonly string[], secret: unknown, isShared: boolean): Admission {
    const { id, mode } = fieldsOf(params['client'])
    if (secret === undefined)
      throw new Refused('NOT_PAIRED', 'device identity required', {
        details: { code: 'DEVICE_IDENTITY_REQUIRED' },
      })
    if (!isShared) throw mismatch(false, this.rules.password)
    const keeps = (id === 'cli' && mode === 'cli') || (id === 'gateway-client' && mode === 'backend')
    return { role: 'operator', scopes: keeps ? scopes : [], method: this.#sharedMethod, hasDevice: false }
  }

  /** With the shared secret a device is approved at once, unless approval is asked for. */
  #shared(id: string, scopes: readonly string[], platform: string): Admission {
    const paired = this.paired.get(id)
    if (paired !== undefined && paired.platform !== platform) throw this.#pair(id, scopes, platform, paired)
    const isNew = paired === undefined
    if (isNew && this.rules.approval === true) throw this.#pair(id, scopes, platform, paired)
    const all = [...new Set([...(paired?.scopes ?? []), ...scopes])]
    const upgraded = isNew || all.length > paired.scopes.length
    const kept = upgraded ? { scopes: all, platform, token: randomUUID() } : paired
    this.paired.set(id, kept)
    const auth = { deviceToken: kept.token, issuedAtMs: Date.now() }
    return { role: 'operator', scopes, method: this.#sharedMethod, hasDevice: true, auth }
  }

  get #sharedMethod(): string {
    return this.rules.password === true ? 'password' : 'token'
  }

  #pair(id: string, scopes: readonly string[], platform: string, paired: Paired | undefined): Refused {
    const requestId = this.pending.get(id)?.requestId ?? randomUUID()
    this.pending.set(id, { requestId, scopes, platform })
    const reason =
      paired === undefined
        ? 'not-paired'
        : paired.platform === platform
          ? 'scope-upgrade'
          : 'metadata-upgrade'
    const why = paired === undefined ? 'is not approved yet' : 'identity changed and must be re-approved'
    return new Refused('NOT_PAIRED', `pairing required: device ${why}`, {
      details: {
        code: 'PAIRING_REQUIRED',
        reason,
        requestId,
        deviceId: id,
        requestedRole: 'operator',
        requestedScopes: scopes,
        remediationHint: 'Approve this device from the pending pairing requests.',
      },
    })
  }
}

function missing(password = false): Refused {
  const name = password ? 'password' : 'token'
  return invalid(`unauthorized: gateway ${name} missing`, {
    code: password ? 'AUTH_PASSWORD_MISSING' : 'AUTH_TOKEN_MISSING',
    authReason: `${name}_missing`,
    canRetryWithDeviceToken: false,
    recommendedNextStep: 'update_auth_configuration',
  })
}

/** @param hasToken whether the gateway knows a token of the device; in place of a password it offers none */
function mismatch(hasToken: boolean, password = false): Refused {
  const canRetryWithDeviceToken = hasToken && !password
  const code = password ? 'AUTH_PASSWORD_MISMATCH' : 'AUTH_TOKEN_MISMATCH'
  return invalid(`unauthorized: gateway ${password ? 'password' : 'token'} mismatch`, {
    code,
    authReason: password ? 'password_mismatch' : 'token_mismatch',
    canRetryWithDeviceToken,
    recommendedNextStep: canRetryWithDeviceToken ? 'retry_with_device_token' : 'update_auth_credentials',
  })
}

/** @returns the version of the signature @throws Refused */
function checkDevice(params: Fields, device: Fields, nonce: string, ts: number): string {
  const raw = Buffer.from(String(device['publicKey']), 'base64url')
  const refuse = (code: string, reason: string): Refused =>
    invalid(`device authentication failed: ${reason}`, { code: `DEVICE_AUTH_${code}`, reason })
  if (raw.length !== 32) throw refuse('PUBLIC_KEY_INVALID', 'device-public-key')
  if (createHash('sha256').update(raw).digest('hex') !== device['id'])
    throw refuse('DEVICE_ID_MISMATCH', 'device-id-mismatch')
  if (device['nonce'] !== nonce) throw refuse('NONCE_MISMATCH', 'device-nonce-mismatch')
  const signedAt = Number(device['signedAt'])
  if (Math.abs(signedAt - ts) > SKEW_MS) throw refuse('SIGNATURE_EXPIRED', 'device-signature-stale')
  const key = createPublicKey({ key: Buffer.concat([ED25519_PREFIX, raw]), format: 'der', type: 'spki' })
  const signature = Buffer.from(String(device['signature']), 'base64url')
  const good = signedTexts(params, device).find(([, text]) => verify(null, Buffer.from(text), key, signature))
  if (good === undefined) throw refuse('SIGNATURE_INVALID', 'device-signature')
  return good[0]
}

/** Both versions: the token, but never the password, is signed. */
function signedTexts(params: Fields, device: Fields): readonly (readonly [string, string])[] {
  const client = fieldsOf(params['client'])
  const auth = fieldsOf(params['auth'])
  const token = auth['token'] ?? auth['deviceToken'] ?? auth['bootstrapToken'] ?? ''
  const common = [
    device['id'],
    client['id'],
    client['mode'],
    params['role'],
    listOf(params['scopes']).join(','),
    device['signedAt'],
    token,
    device['nonce'],
  ].map(String)
  const lower = (value: unknown): string => (typeof value === 'string' ? value.trim().toLowerCase() : '')
  return [
    ['v3', ['v3', ...common, lower(client['platform']), lower(client['deviceFamily'])].join('|')],
    ['v2', ['v2', ...common].join('|')],
  ]
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
