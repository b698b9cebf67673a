import type { DiscordTransport } from '../../index.js'
import {
  DEFAULT_PORT,
  invalidOption,
  parseGatewayUrl,
  type Environment,
  type LoopbackMode,
} from './route/address.js'
import { parseFingerprint } from './route/fingerprint.js'
import type { ReconnectSettings } from './reconnects.js'

/** The device that this client signs for. */
export interface DeviceOptions {
  /**
   * The file with the key and the tokens, of mode 600. It is made where there is none. Several processes may share it.
   * Default: `discord-transport/openclaw-device.json` in XDG_STATE_HOME or ~/.local/state (LOCALAPPDATA on Windows).
   */
  readonly path?: string | undefined
  /** The version of the signature; `v2` is for old gateways. Default: `v3`. */
  readonly signature?: 'v3' | 'v2' | undefined
}

/** Options of a client of an OpenClaw gateway. Every one may be left out. */
export interface OpenClawClientOptions {
  /**
   * The gateway: `ws:`, `wss:`, `http:` or `https:`. Where `url` or `host` is given, no secret of a file or a variable
   * is sent. Default: OPENCLAW_GATEWAY_URL, else the gateway of OpenClaw's configuration, else this host.
   */
  readonly url?: string | URL | undefined
  /** Instead of `url`, for plain ws://. Default: 127.0.0.1. */
  readonly host?: string | undefined
  /**
   * Default: OPENCLAW_GATEWAY_PORT, else `gateway.port` of the configuration, else the port that OpenClaw gives to
   * OPENCLAW_PROFILE, else 18789.
   */
  readonly port?: number | undefined
  /** Default: without `url` and `host`, that of the configuration or OPENCLAW_GATEWAY_TOKEN, in OpenClaw's order. */
  readonly token?: string | undefined
  /** Default: as `token`, with OPENCLAW_GATEWAY_PASSWORD. */
  readonly password?: string | undefined
  /**
   * Whether the client proves to be a device, with a key that it keeps. A gateway on another host wants one. Default:
   * true for another host, false for this one.
   */
  readonly device?: boolean | DeviceOptions | undefined
  /** What the client may do. A gateway that gives less is an error. Default: operator.read and operator.write. */
  readonly scopes?: readonly string[] | undefined
  /** Default: `operator`. */
  readonly role?: string | undefined
  /** Capabilities of the client, such as `tool-events`. Default: none. */
  readonly caps?: readonly string[] | undefined
  /**
   * The id and the mode that OpenClaw knows this client by, both from its closed lists. Default: `cli` and `cli`, which
   * keep their scopes without a device.
   */
  readonly client?: { readonly id: string; readonly mode: string } | undefined
  /** For gateways on other hosts. Default: a transport from the environment, made when it is needed. */
  readonly transport?: DiscordTransport | undefined
  /**
   * Connections to this host: `gateway-only` (also called `direct`) goes direct, `proxy` goes through the transport, `block` refuses.
   * Default: `gateway-only`.
   */
  readonly loopback?: LoopbackMode | undefined
  /** SHA-256 of the gateway's certificate, with wss: then this is the check, and not the authority. Default: none. */
  readonly tlsFingerprint?: string | undefined
  /** `false` never connects again. Default: 1 000 ms, doubled up to 10 000 ms, with jitter, without a limit. */
  readonly reconnect?: boolean | Partial<ReconnectSettings> | undefined
  /**
   * `sessions` for the changes of all sessions, and keys of sessions for their messages: asked for again after each
   * reconnect. `agent`, `chat`, `presence` and `tick` come by themselves. Default: none.
   */
  readonly subscriptions?: readonly string[] | undefined
  /** Milliseconds for one connection: tunnel, TLS and upgrade. Default: 10 000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds from the open WebSocket to hello-ok. Default: 15 000, which is the gateway's own limit. */
  readonly handshakeTimeoutMs?: number | undefined
  /** Milliseconds of a request without `timeoutMs`. Default: 60 000. */
  readonly requestTimeoutMs?: number | undefined
  /** Where variables are looked up. Default: `process.env`. */
  readonly env?: Environment | undefined
  /**
   * OpenClaw's configuration, for the address and the secret: the path of the file, or `false` for none. It is not read
   * where `url` or `host` is given. Default: the file that OpenClaw itself would read.
   */
  readonly config?: string | false | undefined
}

const DEFAULT_RECONNECT: ReconnectSettings = { baseMs: 1_000, maxMs: 10_000, maxAttempts: Infinity }
const MAX_TIMER_MS = 2 ** 31 - 1

/** The options after the checks. Without an address, variables and the configuration decide when the client connects. */
export type ClientSettings = Readonly<ReturnType<typeof parseClientOptions>>

/** @throws TransportError ERR_INVALID_OPTIONS, which names the option and repeats no value */
export function parseClientOptions({
  url,
  host,
  port,
  token,
  password,
  device,
  scopes = ['operator.read', 'operator.write'],
  role = 'operator',
  caps = [],
  client,
  transport,
  loopback = 'gateway-only',
  tlsFingerprint,
  reconnect,
  subscriptions = [],
  connectTimeoutMs,
  handshakeTimeoutMs,
  requestTimeoutMs,
  env,
  config,
  ...others
}: OpenClawClientOptions) {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw invalidOption(`${unknown.slice(0, 40)}: is not an option of OpenClawGatewayClient`)
  if (url !== undefined && (host !== undefined || port !== undefined))
    throw invalidOption('url: expected either `url`, or `host` and `port`')
  if (!['gateway-only', 'direct', 'proxy', 'block'].includes(loopback))
    throw invalidOption("loopback: expected 'gateway-only', 'proxy' or 'block'")
  const address = addressOf({ url, host, port })
  if (tlsFingerprint !== undefined && address?.protocol === 'ws:')
    throw invalidOption('tlsFingerprint: needs a wss: URL, since ws: has no certificate')
  return {
    address,
    port: port === undefined ? undefined : wholeNumber('port', port, 1, 65_535),
    token: secret('token', token),
    password: secret('password', password),
    device: parseDevice(device),
    scopes: texts('scopes', scopes),
    role: text('role', role),
    caps: texts('caps', caps),
    client: client ?? { id: 'cli', mode: 'cli' },
    transport,
    loopback,
    fingerprint: tlsFingerprint === undefined ? undefined : parseFingerprint(tlsFingerprint),
    reconnect: parseReconnect(reconnect),
    subscriptions: texts('subscriptions', subscriptions),
    connectTimeoutMs: wholeNumber('connectTimeoutMs', connectTimeoutMs ?? 10_000, 1, 600_000),
    handshakeTimeoutMs: wholeNumber('handshakeTimeoutMs', handshakeTimeoutMs ?? 15_000, 1, 600_000),
    requestTimeoutMs: wholeNumber('requestTimeoutMs', requestTimeoutMs ?? 60_000, 1, MAX_TIMER_MS),
    env: env ?? process.env,
    config,
  }
}

/** A port alone is another port of this host, and no other host. */
function addressOf({ url, host, port }: OpenClawClientOptions): URL | undefined {
  if (url !== undefined) return parseGatewayUrl(String(url), 'url')
  if (host === undefined) return undefined
  const name = /:.*:/.test(host) && !host.startsWith('[') ? `[${host}]` : host
  if (/[/@?#\s]/.test(host)) throw invalidOption('host: expected a name or an address without a scheme')
  return parseGatewayUrl(`ws://${name}:${port ?? DEFAULT_PORT}`, 'host')
}

function parseDevice(device: OpenClawClientOptions['device']): DeviceOptions | boolean | undefined {
  if (device === undefined || typeof device === 'boolean') return device
  const { path, signature } = device
  if (signature !== undefined && !['v3', 'v2'].includes(signature))
    throw invalidOption("device.signature: expected 'v3' or 'v2'")
  return { path: path === undefined ? undefined : text('device.path', path), signature }
}

function parseReconnect(reconnect: OpenClawClientOptions['reconnect']): ReconnectSettings | false {
  if (reconnect === false) return false
  if (reconnect === true || reconnect === undefined) return DEFAULT_RECONNECT
  const { baseMs, maxMs, maxAttempts } = { ...DEFAULT_RECONNECT, ...reconnect }
  return {
    baseMs: wholeNumber('reconnect.baseMs', baseMs, 1, 60_000),
    maxMs: wholeNumber('reconnect.maxMs', maxMs, 1, 600_000),
    maxAttempts:
      maxAttempts === Infinity
        ? Infinity
        : wholeNumber('reconnect.maxAttempts', maxAttempts, 1, MAX_TIMER_MS),
  }
}

function wholeNumber(field: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw invalidOption(`${field}: expected a whole number from ${least} to ${most}`)
}

function text(field: string, value: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw invalidOption(`${field}: expected a string that is not blank`)
}

function texts(field: string, value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return [...value]
  throw invalidOption(`${field}: expected an array of strings`)
}

function secret(field: string, value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw invalidOption(`${field}: expected a string that is not empty`)
}
