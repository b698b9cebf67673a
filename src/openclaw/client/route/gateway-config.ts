import { OpenClawConfig } from '../../config/openclaw-config.js'
import type { Path } from '../../config/setting-error.js'
import { readSecret } from '../../config/secret.js'
import type { ClientSettings } from '../options.js'
import type { Credentials } from '../wire/handshake.js'
import { parseGatewayUrl } from './address.js'
import { parseFingerprint } from './fingerprint.js'

/** What OpenClaw's configuration and its variables say about the gateway. */
export interface GatewayConfig {
  /** Of a gateway on another host, where `gateway.mode` is `remote`. */
  readonly remoteUrl: URL | undefined
  readonly port: number | undefined
  /** Whether the local gateway speaks TLS. */
  readonly tls: boolean
  readonly credentials: Credentials
  readonly fingerprint: string | undefined
}

const OWN = ['gateway', 'auth'] as const
const REMOTE = ['gateway', 'remote'] as const

/** In OpenClaw's order: the place that is asked first comes first. `env` is the variable. */
const ORDER = {
  local: { token: [OWN, 'env', REMOTE], password: [OWN, 'env', REMOTE] },
  remote: { token: [REMOTE, 'env', OWN], password: ['env', REMOTE, OWN] },
} as const

const VARIABLES = { token: 'OPENCLAW_GATEWAY_TOKEN', password: 'OPENCLAW_GATEWAY_PASSWORD' } as const

/**
 * Reads the gateway's part of OpenClaw's configuration. A secret that is a reference and cannot be resolved is an error,
 * and nothing else is tried in its place.
 *
 * @throws TransportError ERR_INVALID_OPTIONS that names the setting
 */
export async function readGatewayConfig({
  config: given,
  env,
  token,
  password,
}: ClientSettings): Promise<GatewayConfig> {
  const source = given === false ? { config: {} } : given === undefined ? {} : { path: given }
  const config = await OpenClawConfig.read({ ...source, env })
  const isRemote = config.text(['gateway', 'mode']) === 'remote'
  const order = isRemote ? ORDER.remote : ORDER.local
  const remote = isRemote ? config.text([...REMOTE, 'url']) : undefined
  const fingerprint = config.text([...REMOTE, 'tlsFingerprint'])
  const isGiven = token !== undefined || password !== undefined
  return {
    remoteUrl: remote === undefined ? undefined : parseGatewayUrl(remote, 'gateway.remote.url'),
    port: config.number(['gateway', 'port'], 1),
    tls: config.flag(['gateway', 'tls', 'enabled']) === true,
    credentials: isGiven
      ? { token, password }
      : {
          token: await first(config, order.token, 'token'),
          password: await first(config, order.password, 'password'),
        },
    fingerprint:
      fingerprint === undefined ? undefined : parseFingerprint(fingerprint, 'gateway.remote.tlsFingerprint'),
  }
}

async function first(
  config: OpenClawConfig,
  places: readonly ('env' | Path)[],
  name: 'token' | 'password',
): Promise<string | undefined> {
  for (const place of places) {
    const value =
      place === 'env' ? config.env[VARIABLES[name]]?.trim() : await readSecret(config, [...place, name])
    if (value !== undefined && value !== '') return value
  }
  return undefined
}
