import { BlockList, isIP } from 'node:net'
import { TransportError } from '../../../errors.js'

/** Variables by name, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** How connections to this host go while a proxy is in use, as in OpenClaw's `proxy.loopbackMode`. */
export type LoopbackMode = 'gateway-only' | 'direct' | 'proxy' | 'block'

export const DEFAULT_PORT = 18_789

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

const nearby = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  nearby.addSubnet(network, prefix, 'ipv4')
nearby.addSubnet('fc00::', 7, 'ipv6')
nearby.addSubnet('fe80::', 10, 'ipv6')

/** A literal address of this host or `localhost`. A name that merely resolves to one does not count. */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname)
  return host === 'localhost' || isIn(loopback, host)
}

/** Private, link-local and carrier-grade NAT addresses, and names that exist in such networks only. */
function isNearby({ hostname }: URL): boolean {
  const host = bare(hostname)
  return isIn(nearby, host) || host.endsWith('.local') || host.endsWith('.ts.net')
}

/** Without the brackets of IPv6 and the dots behind a name. */
function bare(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.+$/, '')
}

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host)
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

/** @throws TransportError ERR_INVALID_OPTIONS for what is no URL of a gateway */
export function parseGatewayUrl(text: string, field: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = url === undefined ? undefined : SCHEMES[url.protocol]
  if (url === undefined || scheme === undefined || url.hostname === '')
    throw invalidOption(`${field}: expected a URL such as ws://127.0.0.1:${DEFAULT_PORT} or wss://host`)
  if (url.username !== '' || url.password !== '' || url.searchParams.has('token'))
    throw invalidOption(`${field}: expected no credentials in the URL`, 'Give them as `token` or `password`.')
  // A fragment is never sent, and a WebSocket must not have one.
  const { host, pathname, search } = url
  return new URL(`${scheme}//${host}${pathname}${search}`)
}

const SCHEMES: Readonly<Record<string, 'ws:' | 'wss:'>> = {
  'ws:': 'ws:',
  'wss:': 'wss:',
  'http:': 'ws:',
  'https:': 'wss:',
}

/**
 * Refuses what must not be opened, before anything is sent.
 *
 * @throws TransportError ERR_ROUTE_REFUSED
 */
export function checkAddress(url: URL, mode: LoopbackMode, env: Environment): void {
  if (isLoopback(url.hostname)) {
    if (mode === 'block')
      throw refused(
        url,
        'connections to this host are blocked by loopback: "block"',
        'Use loopback: "gateway-only", or in OpenClaw: openclaw config set proxy.loopbackMode gateway-only',
      )
    return
  }
  if (url.protocol === 'wss:' || isNearby(url) || env['OPENCLAW_ALLOW_INSECURE_PRIVATE_WS'] === '1') return
  throw refused(
    url,
    'plain ws:// would show the token to everybody on the way',
    'Use wss:// (with tlsFingerprint for a certificate of the gateway itself), or an SSH tunnel to ws://127.0.0.1. ' +
      'For a name in a private network set OPENCLAW_ALLOW_INSECURE_PRIVATE_WS=1.',
  )
}

function refused({ host }: URL, why: string, hint: string): TransportError {
  return new TransportError(
    `The connection to the OpenClaw gateway ${host} was refused by this client: ${why}`,
    {
      code: 'ERR_ROUTE_REFUSED',
      phase: 'config',
      target: host,
      hint,
      retryable: false,
    },
  )
}

/** An option that cannot be used; the message names it and repeats no value. */
export function invalidOption(text: string, hint?: string): TransportError {
  return new TransportError(text, {
    code: 'ERR_INVALID_OPTIONS',
    phase: 'config',
    hint: hint ?? 'OpenClawClientOptions documents each option with its unit and default.',
    retryable: false,
  })
}
