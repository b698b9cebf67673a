import { fileURLToPath } from 'node:url'
import { unusable } from '../errors.js'
import { parseAuthority, redactedOrigin, urlHost } from './authority.js'
import { parseCredentials } from './credentials.js'
import { conceal } from './conceal.js'
import { DEFAULT_PORTS } from './proxy-scheme.js'
import type { PacEndpoint } from './types.js'

type PacProtocol = PacEndpoint['protocol']

/** What reads that which follows `pac+http://`, `pac+https://`, `pac+file:` or `pac+data:`. */
export const PAC_READERS: Readonly<Record<PacProtocol, (rest: string, field: string) => PacEndpoint>> = {
  'pac+http': (rest, field) => parseServedScript('pac+http', rest, field),
  'pac+https': (rest, field) => parseServedScript('pac+https', rest, field),
  'pac+file': parseScriptFile,
  'pac+data': parseInlineScript,
}

function parseServedScript(protocol: 'pac+http' | 'pac+https', rest: string, field: string): PacEndpoint {
  const authority = parseAuthority(rest, DEFAULT_PORTS[protocol], field)
  const scheme = protocol === 'pac+http' ? 'http' : 'https'
  // Malformed credentials are found here, although they stay in the URL.
  parseCredentials(authority.userinfo, scheme, field)
  const { userinfo, host, port, tail } = authority
  const login = userinfo === '' ? '' : `${userinfo}@`
  const script = new URL(`${scheme}://${login}${urlHost(host)}:${port}${tail}`)
  script.hash = ''
  const query = script.search === '' ? '' : '?***'
  return pacEndpoint({
    protocol,
    host,
    port,
    redactedUrl: `${redactedOrigin(protocol, authority)}${script.pathname}${query}`,
    scriptUrl: script.href,
  })
}

function parseScriptFile(rest: string, field: string): PacEndpoint {
  const [, host, path = ''] = /^(?:\/\/([^/]*))?(\/(?!\/).*)$/s.exec(rest) ?? []
  const local = host === undefined || host === '' || host.toLowerCase() === 'localhost'
  const script = local && !/[?#\p{Cc}\p{Cs}]/u.test(path) ? new URL(`file://${path}`) : undefined
  if (script === undefined || !namesFile(script))
    throw unusable(field, 'config.pac-file', 'config.pac-file.hint')
  return pacEndpoint({
    protocol: 'pac+file',
    host: '',
    port: 0,
    redactedUrl: `pac+file://${script.pathname}`,
    scriptUrl: script.href,
  })
}

/** Not on a server, no encoded slash, no malformed escape; on Windows with a drive letter. */
function namesFile(url: URL): boolean {
  try {
    return url.host === '' && !url.pathname.endsWith('/') && fileURLToPath(url) !== ''
  } catch {
    return false
  }
}

function parseInlineScript(rest: string, field: string): PacEndpoint {
  const [, mediaType, script = ''] = /^([^,/][^,]*)?,(.*)$/s.exec(rest) ?? []
  if (mediaType?.includes('\n') === true || script.trim() === '')
    throw unusable(field, 'config.pac-data', 'config.pac-data.hint')
  // `URL` drops line breaks, which end // comments, and reads # as the start of a fragment.
  const encoded = script.replace(/[\p{Cc}#]/gu, encodeURIComponent)
  return pacEndpoint({
    protocol: 'pac+data',
    host: '',
    port: 0,
    redactedUrl: 'pac+data:***',
    scriptUrl: new URL(`data:${mediaType ?? ''},${encoded}`).href,
  })
}

function pacEndpoint(fields: Omit<PacEndpoint, 'kind'>): PacEndpoint {
  return conceal({ kind: 'pac', ...fields }, ['scriptUrl'])
}
