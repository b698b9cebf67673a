import { X509Certificate } from 'node:crypto'
import { configError } from '../errors.js'
import { SecretHolder } from './hidden.js'
import { readPrivateKey } from './pem.js'

/** TlsOptions after the checks: files read, defaults set. */
export interface TlsSettings {
  /** `ca` and the content of `caFile`, to be trusted beside Node's own roots. */
  readonly ca: readonly (string | Buffer)[] | undefined
  readonly cert: string | Buffer | undefined
  /** Invisible to inspection and JSON, and lost by a spread: pass it on by name. */
  readonly key: string | Buffer | undefined
  /** Invisible like `key`. */
  readonly passphrase: string | undefined
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
}

/** The options of one hop, each of them checked by itself. */
interface CheckedTls {
  readonly ca?: readonly (string | Buffer)[] | undefined
  readonly caFile?: Buffer | undefined
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
  readonly passphrase?: string | undefined
  readonly servername?: string | undefined
  readonly rejectUnauthorized?: boolean | undefined
}

/**
 * The settings of a hop; without options, Node's defaults.
 *
 * @throws TransportError if certificate, key and passphrase do not fit each other
 */
export function createTlsSettings(options: CheckedTls, hop: 'proxyTls' | 'tls'): TlsSettings {
  checkClientCertificate(options, hop)
  return new Settings(options)
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

class Settings extends SecretHolder implements TlsSettings {
  readonly ca: readonly (string | Buffer)[] | undefined
  readonly cert: string | Buffer | undefined
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
  readonly #key: string | Buffer | undefined
  readonly #passphrase: string | undefined

  constructor(options: CheckedTls) {
    super()
    const ca = [...(options.ca ?? []), ...(options.caFile === undefined ? [] : [options.caFile])]
    this.ca = ca.length === 0 ? undefined : Object.freeze(ca)
    this.cert = options.cert
    this.servername = options.servername
    this.rejectUnauthorized = options.rejectUnauthorized ?? true
    this.#key = options.key
    this.#passphrase = options.passphrase
    Object.freeze(this)
  }

  get key(): string | Buffer | undefined {
    return this.#key
  }

  get passphrase(): string | undefined {
    return this.#passphrase
  }
}
