import { urlHost } from './authority.js'
import type { Proxy } from './types.js'

/** The URL of a proxy with its credentials, for a program that is to use the same. Never for a message. */
export function proxyHref(proxy: Proxy): string {
  if (proxy.kind === 'pac') return `pac+${proxy.scriptUrl}`
  const { protocol, host, port, credentials } = proxy
  const { username = '', password = '' } = credentials ?? {}
  const secret = password === '' ? '' : `:${encodeURIComponent(password)}`
  const login = credentials === undefined ? '' : `${encodeURIComponent(username)}${secret}@`
  return `${protocol}://${login}${urlHost(host)}:${port}`
}
