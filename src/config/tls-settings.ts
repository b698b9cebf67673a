import { X509Certificate } from 'node:crypto'
import { configError } from '../errors.js'
import { conceal } from './conceal.js'
import { readPrivateKey } from './pem.js'

/** TlsOptions after the checks: files read, defaults set. */
export interface TlsSettings {
  /** `ca` and the content of `caFile`, to be trusted beside Node's own roots. */
  readonly ca: readonly (string | Buffer)[] | undefined
  /** The absolute path of the option of this name, for a child process that is to read it too. */
  readonly caFile: string | undefined
  readonly cert: string | Buffer | undefined
  /** Hidden from inspection and JSON, and lost by a spread: pass it on by name. */
  readonly key: string | Buffer | undefined
  /** Hidden like `key`. */
  readonly passphrase: string | undefined
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
}

/** The options of one hop, each of them checked by itself. */
interface CheckedTls extends Partial<Omit<TlsSettings, 'ca' | 'caFile' | 'rejectUnauthorized'>> {
  readonly rejectUnauthorized?: boolean | undefined
  readonly ca?: readonly (string | Buffer)[] | undefined
  readonly caFile?: { readonly path: string; readonly content: string | Buffer } | undefined
}

/**
 * The settings of a hop; without options, Node's defaults.
 *
 * @throws TransportError if certificate, key and passphrase do not fit each other
 */
export function createTlsSettings(options: CheckedTls, hop: 'proxyTls' | 'tls'): TlsSettings {
  checkClientCertificate(options, hop)
  const { ca = [], caFile, cert, key, passphrase, servername, rejectUnauthorized = true } = options
  const authorities = caFile === undefined ? ca : [...ca, caFile.content]
  const settings = {
    ca: authorities.length === 0 ? undefined : Object.freeze(authorities),
    caFile: caFile?.path,
    cert,
    key,
    passphrase,
    servername,
    rejectUnauthorized,
  }
  return conceal(settings, ['key', 'passphrase'])
}

function checkClientCertificate({ cert, key, passphrase }: CheckedTls, hop: string): void {
  if (cert === undefined && key === undefined) return
  if (cert === undefined) {
    throw configError(`${hop}.cert`, 'is needed with key', 'A private key works only with its certificate.')
  }
  if (key === undefined) {
    throw configError(`${hop}.key`, 'is needed with cert', 'A certificate works only with its private key.')
  }
  if (!new X509Certificate(cert).checkPrivateKey(readPrivateKey(key, passphrase, hop))) {
    throw configError(
      `${hop}.cert`,
      'does not belong to key',
      'The first certificate of the chain must be that of the key.',
    )
  }
}
