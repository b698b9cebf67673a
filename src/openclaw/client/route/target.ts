import { valueOf } from '../../../config/variables.js'
import { profileOf } from '../../config/location.js'
import type { ClientSettings } from '../options.js'
import type { Credentials } from '../wire/handshake.js'
import { DEFAULT_PORT, invalidOption, parseGatewayUrl, type Environment } from './address.js'

/** Where the client connects, and with which secret. */
export interface Target {
  readonly url: URL
  /** By which name the device tokens of this gateway are kept. */
  readonly id: string
  readonly credentials: Credentials
  readonly fingerprint: string | undefined
}

/**
 * The options, and what they leave open from variables and OpenClaw's configuration.
 *
 * OpenClaw's own rule: an explicit address gets explicit secrets only, so that no foreign host is ever sent the token of
 * the local gateway; the address of OPENCLAW_GATEWAY_URL gets those of the environment only.
 */
export async function resolveTarget(settings: ClientSettings): Promise<Target> {
  const { address, token, password, env, fingerprint } = settings
  const own: Credentials = { token, password }
  if (address !== undefined) return targetOf(address, own, fingerprint)
  const given = token !== undefined || password !== undefined
  const variable = valueOf(env, 'OPENCLAW_GATEWAY_URL')
  if (variable !== undefined && settings.port === undefined)
    return targetOf(
      parseGatewayUrl(variable, 'OPENCLAW_GATEWAY_URL'),
      given ? own : fromEnvironment(env),
      fingerprint,
    )
  const { readGatewayConfig } = await import('./gateway-config.js')
  const config = await readGatewayConfig(settings)
  const port = settings.port ?? portOf(env) ?? config.port ?? profilePort(env) ?? DEFAULT_PORT
  const url = config.remoteUrl ?? new URL(`${config.tls ? 'wss' : 'ws'}://127.0.0.1:${port}`)
  return targetOf(url, config.credentials, fingerprint ?? config.fingerprint)
}

function targetOf(url: URL, credentials: Credentials, fingerprint: string | undefined): Target {
  return {
    url,
    id: `${url.host}${url.pathname === '/' ? '' : url.pathname}`,
    credentials,
    fingerprint: url.protocol === 'wss:' ? fingerprint : undefined,
  }
}

function fromEnvironment(env: Environment): Credentials {
  return {
    token: valueOf(env, 'OPENCLAW_GATEWAY_TOKEN'),
    password: valueOf(env, 'OPENCLAW_GATEWAY_PASSWORD'),
  }
}

function portOf(env: Environment): number | undefined {
  const text = valueOf(env, 'OPENCLAW_GATEWAY_PORT')
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw invalidOption('OPENCLAW_GATEWAY_PORT: expected a port', 'Correct or unset OPENCLAW_GATEWAY_PORT.')
}

/** OpenClaw's gateway of a profile has a port of its own: FNV-1a of the name, spread over 20000 to 59999. */
function profilePort(env: Environment): number | undefined {
  const profile = profileOf(env)
  if (profile === undefined) return undefined
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(profile)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return 20_000 + (hash % 40_000)
}
