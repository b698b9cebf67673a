import { createDiscordTransport, type TransportOptions } from '../index.js'
import { say } from '../messages/index.js'
import { UsageError } from './exit-codes.js'
import { asUsageErrors } from './usage-errors.js'

/** The flags of every command that opens connections. */
export interface ConnectionFlags {
  /** In order of preference. */
  readonly proxyUrl?: readonly string[]
  readonly proxyCaFile?: string
  readonly tlsCaFile?: string
  readonly dns?: 'proxy' | 'local'
}

/**
 * The options of a transport that the flags stand for.
 *
 * @throws UsageError for a flag whose value is not usable; the environment is not looked at
 */
export function transportOptions({
  proxyUrl,
  proxyCaFile,
  tlsCaFile,
  dns,
}: ConnectionFlags): TransportOptions {
  const options: TransportOptions = {
    ...(proxyUrl === undefined ? {} : { proxy: proxyOption(proxyUrl.map(checkNotBlank)) }),
    ...(proxyCaFile === undefined ? {} : { proxyTls: { caFile: proxyCaFile } }),
    ...(tlsCaFile === undefined ? {} : { tls: { caFile: tlsCaFile } }),
    ...(dns === undefined ? {} : { dns }),
  }
  asUsageErrors(() => createDiscordTransport({ ...options, env: {} }))
  return options
}

/** The flag once is a proxy, and several times a list. */
export function proxyOption(urls: readonly string[]): string | readonly string[] | undefined {
  const [only, ...others] = urls
  return only === undefined || others.length === 0 ? only : [only, ...others]
}

/** A blank option would mean "what the environment says", and no user writes a flag for that. */
function checkNotBlank(url: string): string {
  if (url.trim() !== '') return url
  throw new UsageError(say('usage.proxy-url'))
}
