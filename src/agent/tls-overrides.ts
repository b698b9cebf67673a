import type { RequestOptions } from 'node:https'
import type { TlsOverrides } from '../tunnel/target.js'

const TLS_FIELDS = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'rejectUnauthorized',
  'checkServerIdentity',
  'ciphers',
  'minVersion',
  'maxVersion',
] as const satisfies readonly (keyof TlsOverrides)[]

/** The TLS options that the request set for itself; Node fills in a servername of its own, which is no override. */
export function tlsOverrides(options: RequestOptions): TlsOverrides | undefined {
  const set = TLS_FIELDS.filter((field) => options[field] !== undefined).map(
    (field) => [field, options[field]] as const,
  )
  const named =
    options.servername !== undefined && options.servername !== options.host && options.servername !== ''
  if (set.length === 0 && !named) return undefined
  return { ...Object.fromEntries(set), ...(named ? { servername: options.servername } : undefined) }
}
