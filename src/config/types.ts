/** The schemes that a proxy URL may have. `socks` means `socks5h`. */
export type ProxyProtocol =
  | 'http'
  | 'https'
  | 'socks'
  | 'socks4'
  | 'socks4a'
  | 'socks5'
  | 'socks5h'
  | 'pac+http'
  | 'pac+https'
  | 'pac+file'
  | 'pac+data'

/** A scheme that opens a tunnel itself, as opposed to a PAC script that names one. */
export type TunnelProtocol = Exclude<ProxyProtocol, `pac+${string}`>

/**
 * Where a proxy URL came from: the option, the name of the variable that won, or the setting of OpenClaw's
 * configuration. HTTP_PROXY counts for http:// URLs of an installation with the scope `'all'` only.
 */
export type ProxySource =
  | 'config'
  | 'OPENCLAW_PROXY_URL'
  | 'HTTPS_PROXY'
  | 'https_proxy'
  | 'ALL_PROXY'
  | 'all_proxy'
  | 'HTTP_PROXY'
  | 'http_proxy'
  | OpenClawSource

/** A setting of OpenClaw's configuration. `proxy.proxyUrl` is the operator's policy, as OPENCLAW_PROXY_URL is. */
export type OpenClawSource = 'proxy.proxyUrl' | `channels.discord.${string}`

/** Decoded once, here; nothing behind the configuration decodes again. */
export interface ProxyCredentials {
  readonly username: string
  readonly password: string
}

/** A proxy that opens tunnels. */
export interface ProxyEndpoint {
  readonly kind: 'tunnel'
  readonly protocol: TunnelProtocol
  /** Host name or IP address, an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  /** Safe to show; names the port even where it is the scheme's default. */
  readonly redactedUrl: string
  /** Hidden from inspection and JSON, and lost by a spread. */
  readonly credentials: ProxyCredentials | undefined
}

/** A PAC script: it names the proxy for each destination. */
export interface PacEndpoint {
  readonly kind: 'pac'
  readonly protocol: Extract<ProxyProtocol, `pac+${string}`>
  /** Host and port of the script's server; empty and 0 for `pac+file` and `pac+data`. */
  readonly host: string
  readonly port: number
  readonly redactedUrl: string
  /** The script's own URL, without `pac+`. It may hold credentials, and is hidden like those above. */
  readonly scriptUrl: string
}

/** What a proxy URL parses to. */
export type Proxy = ProxyEndpoint | PacEndpoint

/** The public `transport.proxy`. Holds no credential. */
export interface ProxyDescription {
  /** Redacted. */
  readonly url: string
  readonly protocol: ProxyProtocol
  /** Empty for `pac+file` and `pac+data`, which have no server; an IPv6 address without brackets. */
  readonly host: string
  /** 0 where `host` is empty. */
  readonly port: number
  readonly source: ProxySource
}
