import { X509Certificate } from 'node:crypto'
import { isIP, isIPv6, type Socket } from 'node:net'
import * as tls from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { TlsSettings } from '../config/index.js'
import type { Attempt } from './attempt.js'
import { asOwnConnection } from './own-connections.js'
import type { Target, TlsOverrides } from './target.js'

/** Sessions kept for resumption; a bot talks to a handful of hosts. */
const MAX_SESSIONS = 32

/** The TLS client for proxies, or the one for destinations: it parses its certificate store once and resumes sessions. */
export class TlsClient {
  readonly #settings: TlsSettings
  readonly #sessions = new Map<string, Buffer>()
  #context: tls.SecureContext | undefined
  #preparing = false

  constructor(settings: TlsSettings) {
    this.#settings = settings
  }

  /**
   * Reads the certificates that are trusted, which takes tens of milliseconds the first time: in a turn of its own, while a
   * proxy is asked.
   */
  prepare(): void {
    if (this.#preparing) return
    this.#preparing = true
    setImmediate(() => {
      try {
        this.#secureContext()
      } catch {
        // The handshake fails with the same error.
      }
    })
  }

  /**
   * Options for a `tls.connect` to this peer, for code that makes the connection itself. `ca` and `caFile`
   * add to Node's roots, as NODE_EXTRA_CA_CERTS does: an inspecting proxy signs some hosts and not others.
   */
  options(host: string): tls.ConnectionOptions {
    return {
      secureContext: this.#secureContext(),
      rejectUnauthorized: this.#settings.rejectUnauthorized,
      checkServerIdentity: checkIdentity,
      ...serverName(this.#settings.servername ?? host),
    }
  }

  /** TLS to the peer over a connected socket, within the attempt. */
  async upgrade(
    socket: Socket,
    { host, port, tls: overrides }: Pick<Target, 'host' | 'port' | 'tls'>,
    phase: 'proxy-tls' | 'target-tls',
    attempt: Attempt,
  ): Promise<tls.TLSSocket> {
    const key = `${host}:${port}`
    // A session belongs to the settings that verified it.
    const session = overrides === undefined ? this.#sessions.get(key) : undefined
    const options: tls.ConnectionOptions = {
      ...this.options(host),
      ...withoutContext(overrides),
      ...(session === undefined ? undefined : { session }),
      ALPNProtocols: ['http/1.1'],
      host,
      socket,
    }
    const secure = asOwnConnection(() => tls.connect(options))
    attempt.own(secure)
    if (overrides === undefined) secure.on('session', (fresh: Buffer) => this.#remember(key, fresh))
    const connected = new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve)
      secure.once('error', reject)
      secure.once('close', () => reject(new Error('The connection closed during the TLS handshake')))
    })
    await attempt.step(phase, connected)
    return secure
  }

  #secureContext(): tls.SecureContext {
    return (this.#context ??= contextFor(this.#settings))
  }

  #remember(key: string, session: Buffer): void {
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest)
  }
}

/**
 * Node 22.23 compares an IPv6 address as an empty name, which no certificate has. OpenSSL's own comparison is
 * right in every version, and can only add what a certificate really says.
 */
export function checkIdentity(host: string, certificate: tls.PeerCertificate): Error | undefined {
  if (isIPv6(host) && new X509Certificate(certificate.raw).checkIP(host) !== undefined) return undefined
  return tls.checkServerIdentity(host, certificate)
}

/** A request's own certificates need a context of their own. */
function withoutContext(overrides: TlsOverrides | undefined): tls.ConnectionOptions {
  if (overrides === undefined) return {}
  const { ca, cert, key, pfx } = overrides
  const ownContext = ca !== undefined || cert !== undefined || key !== undefined || pfx !== undefined
  return ownContext ? { ...overrides, secureContext: undefined } : overrides
}

/** RFC 6066 §3: the server name indication carries no IP address. */
function serverName(name: string): tls.ConnectionOptions {
  return isIP(name) === 0 ? { servername: name } : {}
}

/** The store that was made last: Node parses each of its roots anew for each that has more than these. */
let lastStore: { roots: readonly string[]; ca: TlsSettings['ca']; context: tls.SecureContext } | undefined

/** Clients that trust the same share their store, unless they have a certificate of their own. */
function contextFor({ ca, cert, key, passphrase }: TlsSettings): tls.SecureContext {
  if (ca === undefined) return tls.createSecureContext({ cert, key, passphrase })
  const roots = trustedRoots()
  const make = (): tls.SecureContext =>
    tls.createSecureContext({ ca: [...roots, ...ca], cert, key, passphrase })
  if (cert !== undefined || key !== undefined) return make()
  if (lastStore?.roots !== roots || !isDeepStrictEqual(lastStore.ca, ca))
    lastStore = { roots, ca, context: make() }
  return lastStore.context
}

/** Node's roots, with NODE_EXTRA_CA_CERTS where this Node can list it (22.15 and later). */
export function trustedRoots(): readonly string[] {
  const list: unknown = Reflect.get(tls, 'getCACertificates')
  return typeof list === 'function'
    ? (Reflect.apply(list, tls, ['default']) as string[])
    : tls.rootCertificates
}
