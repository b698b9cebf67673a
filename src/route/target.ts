import type { ConnectionOptions } from 'node:tls'
import { urlHost } from '../config/index.js'

/** TLS options that one request may set for itself (https.request, `new WebSocket`); they win over the transport's. */
export type TlsOverrides = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'pfx'
  | 'passphrase'
  | 'servername'
  | 'rejectUnauthorized'
  | 'checkServerIdentity'
  | 'ciphers'
  | 'minVersion'
  | 'maxVersion'
>

/** Where a tunnel ends. */
export interface Target {
  /** Host name or IP address, an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  /** Whether TLS to the destination is part of the tunnel. */
  readonly secure: boolean
  readonly tls?: TlsOverrides
  /** ALPN protocols to offer; `['http/1.1']` when absent. */
  readonly alpn?: readonly string[]
}

/** `host:port` as CONNECT and error messages write it (RFC 9110 §7.2: an IPv6 literal keeps its brackets). */
export function authority({ host, port }: Pick<Target, 'host' | 'port'>): string {
  return `${urlHost(host)}:${port}`
}

/** The address that a URL leads to, with the default port of its scheme. */
export function addressOf({ hostname, port, protocol }: URL): Pick<Target, 'host' | 'port'> {
  return {
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port !== '' ? Number(port) : protocol === 'https:' || protocol === 'wss:' ? 443 : 80,
  }
}
