import { createDiscordTransport, type TransportOptions } from '../index.js'
import { UsageError } from './exit-codes.js'
import { asUsageErrors } from './usage-errors.js'

/** The flags of every command that opens connections. */
export interface ConnectionFlags {
  readonly proxyUrl?: string
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
    ...(proxyUrl === undefined ? {} : { proxy: checkNotBlank(proxyUrl) }),
    ...(proxyCaFile === undefined ? {} : { proxyTls: { caFile: proxyCaFile } }),
    ...(tlsCaFile === undefined ? {} : { tls: { caFile: tlsCaFile } }),
    ...(dns === undefined ? {} : { dns }),
  }
  asUsageErrors(() => createDiscordTransport({ ...options, env: {} }))
  return options
}

/** A blank option would mean "what the environment says", and no user writes a flag for that. */
function checkNotBlank(url: string): string {
  if (url.trim() !== '') return url
  throw new UsageError('--proxy-url: expected scheme://host:port, such as http://127.0.0.1:3128')
}
