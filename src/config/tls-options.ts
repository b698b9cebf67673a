import { isIP } from 'node:net'
import { resolve } from 'node:path'
import * as z from 'zod'
import { checked } from './checked.js'
import { checkCertificates, checkKeyFormat, readCertificateFile } from './pem.js'
import { createTlsSettings } from './tls-settings.js'

/** TLS of one hop: `proxyTls` to an `https://` proxy, `tls` to Discord. PEM throughout. */
export interface TlsOptions {
  /** CA certificates to trust beside Node's own roots, as with NODE_EXTRA_CA_CERTS. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /** Path of a file with CA certificates, read once at creation; added to `ca`. */
  readonly caFile?: string | undefined
  /** Client certificate, its chain behind it. Needs `key`. */
  readonly cert?: string | Buffer | undefined
  /** Private key of `cert`. */
  readonly key?: string | Buffer | undefined
  /** Passphrase of an encrypted `key`. */
  readonly passphrase?: string | undefined
  /** Name for SNI and for the check of the peer's certificate. Default: the host that is connected to. */
  readonly servername?: string | undefined
  /** Whether a peer whose certificate does not verify is refused. Default: true. */
  readonly rejectUnauthorized?: boolean | undefined
}

const pem = z.custom<string | Buffer>(isPem, { error: 'must be PEM as a string or a Buffer' })
const pemList = z.custom<readonly (string | Buffer)[]>(
  (value) => Array.isArray(value) && value.length > 0 && value.every(isPem),
)
const pemOrList = z.union([pem, pemList], {
  error: 'must be PEM as a string or a Buffer, or an array of at least one of them',
})

function isPem(value: unknown): boolean {
  return typeof value === 'string' || Buffer.isBuffer(value)
}

// RFC 6066 §3: literal addresses are not permitted in SNI; node:tls warns about one.
const SERVERNAME = 'must be a host name, not an IP address'

/** The schema of each option of one hop; `hop` names it in messages. */
export function tlsFields(hop: 'proxyTls' | 'tls') {
  return {
    ca: pemOrList.transform(checked((ca) => checkCaList(ca, `${hop}.ca`))).optional(),
    caFile: z
      .string({ error: 'must be the path of a PEM file' })
      .transform(
        checked((path) => ({ path: resolve(path), content: readCertificateFile(path, `${hop}.caFile`) })),
      )
      .optional(),
    cert: pem.transform(checked((cert) => checkCertificates(cert, `${hop}.cert`))).optional(),
    key: pem.transform(checked((key) => checkKeyFormat(key, `${hop}.key`))).optional(),
    passphrase: z.string({ error: 'must be a string' }).optional(),
    servername: z
      .string({ error: SERVERNAME })
      .refine((name) => /^[\w.-]+$/.test(name) && isIP(name) === 0, { error: SERVERNAME })
      .optional(),
    rejectUnauthorized: z.boolean({ error: 'must be true or false' }).optional(),
  }
}

/** The schema of one hop's options. */
export function tlsSchema(hop: 'proxyTls' | 'tls') {
  return z
    .strictObject(tlsFields(hop), { error: 'must be an object such as { caFile: "/etc/ssl/company.pem" }' })
    .transform(checked((options) => createTlsSettings(options, hop)))
}

function checkCaList(ca: string | Buffer | readonly (string | Buffer)[], field: string): (string | Buffer)[] {
  const list = typeof ca === 'string' || Buffer.isBuffer(ca) ? [ca] : [...ca]
  for (const entry of list) checkCertificates(entry, field)
  return list
}
