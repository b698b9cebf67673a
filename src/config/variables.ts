import type { ProxySource } from './types.js'

/**
 * The variables that may hold the proxy's URL, the first that is set wins. HTTP_PROXY is none of them:
 * Discord is reached over TLS alone, and a CGI server sets it from a request's `Proxy` header.
 */
export const PROXY_VARIABLES = [
  'OPENCLAW_PROXY_URL',
  'HTTPS_PROXY',
  'https_proxy',
  'ALL_PROXY',
  'all_proxy',
] as const satisfies readonly ProxySource[]

/**
 * The variables that may hold the proxy for http:// URLs where a whole process is led through proxies. Most programs
 * prefer the lower-case one, and curl reads no other: https://curl.se/docs/manpage.html#ENVIRONMENT
 */
export const PLAIN_PROXY_VARIABLES = ['http_proxy', 'HTTP_PROXY'] as const satisfies readonly ProxySource[]

/** The variables that may hold the bypass list, the first that is set wins. */
export const NO_PROXY_VARIABLES = ['NO_PROXY', 'no_proxy'] as const

/** A variable without the white space around it; undefined where it is blank or not set. */
export function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === '' ? undefined : value
}

/** The proxy variable that decides: the first that is set. Blank is unset. */
export function decidingVariable(env: Environment): (typeof PROXY_VARIABLES)[number] | undefined {
  return PROXY_VARIABLES.find((name) => valueOf(env, name) !== undefined)
}

/** The variable that turns the log on: `info` or `debug`. */
export const LOG_VARIABLE = 'DISCORD_TRANSPORT_LOG'

/** Environment variables. They are read once, at creation. */
export type Environment = Readonly<Record<string, string | undefined>>
