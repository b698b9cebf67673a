import { unusable } from '../errors.js'
import { parseAuthority, redactedOrigin } from './authority.js'
import { parseCredentials } from './credentials.js'
import { conceal } from './conceal.js'
import { PAC_READERS } from './pac-url.js'
import { DEFAULT_PORTS, splitScheme } from './proxy-scheme.js'
import type { Proxy, ProxyEndpoint, ProxyProtocol, TunnelProtocol } from './types.js'

/**
 * Reads a proxy URL. White space around it is ignored; without a scheme (`host:port`) it means `http://`;
 * a port left out is 80, 443 or 1080.
 *
 * @param raw the URL
 * @param field what the value is called in messages: `proxy`, `HTTPS_PROXY`
 * @throws TransportError `ERR_PROXY_CONFIG`, which names `field` and never repeats any part of `raw`
 */
export function parseProxyUrl(raw: string | URL, field: string): Proxy {
  const text = (typeof raw === 'string' ? raw : raw.href).trim()
  if (text === '') throw unusable(field, 'config.empty', 'config.empty.hint')
  const { protocol, rest } = splitScheme(text, field)
  return isPac(protocol) ? PAC_READERS[protocol](rest, field) : parseTunnelUrl(protocol, rest, field)
}

function isPac(protocol: ProxyProtocol): protocol is keyof typeof PAC_READERS {
  return protocol in PAC_READERS
}

function parseTunnelUrl(protocol: TunnelProtocol, rest: string, field: string): ProxyEndpoint {
  const authority = parseAuthority(rest, DEFAULT_PORTS[protocol], field)
  if (authority.tail !== '' && authority.tail !== '/')
    throw unusable(field, 'config.path', 'config.path.hint', 'config.encode.hint')
  const { host, port, userinfo } = authority
  const endpoint: ProxyEndpoint = {
    kind: 'tunnel',
    protocol,
    host,
    port,
    redactedUrl: redactedOrigin(protocol, authority),
    credentials: parseCredentials(userinfo, protocol, field),
  }
  return conceal(endpoint, ['credentials'])
}
