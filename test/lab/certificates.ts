import { KeyObject, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
// Before x509, which refuses to load without it.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

/** What a certificate is for, other than a server with these names that is valid today. */
export interface IssueOptions {
  /** Ended yesterday. Default false. */
  readonly expired?: boolean
  /** For a client: extended key usage clientAuth instead of serverAuth. Default false. */
  readonly clientAuth?: boolean
  /** Subject. Default: the first of the names. */
  readonly commonName?: string
}

/** A certificate with its private key, both PEM. */
export interface IssuedCertificate {
  readonly cert: string
  readonly key: string
}

/** A private authority: trusted by whoever is given its certificate, and by nobody else. */
export interface CertificateAuthority {
  /** The root's certificate, PEM: the value for `ca`. */
  readonly certificate: string
  /** A leaf for these DNS names and IP addresses; the same one for the same names, since to make one takes long. */
  issue(names: readonly string[], options?: IssueOptions): Promise<IssuedCertificate>
}

const DAY = 24 * 60 * 60 * 1000
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' }

x509.cryptoProvider.set(webcrypto)

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
}

function privateKeyOf({ privateKey }: webcrypto.CryptoKeyPair): string {
  return KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** RFC 5280, 4.1.2.2: positive and at most 20 octets, so the first bit stays clear. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

function validity(expired: boolean): { notBefore: Date; notAfter: Date } {
  const yesterday = Date.now() - DAY
  return expired
    ? { notBefore: new Date(yesterday - 30 * DAY), notAfter: new Date(yesterday) }
    : { notBefore: new Date(yesterday), notAfter: new Date(yesterday + 30 * DAY) }
}

/** A server's certificate that no authority has signed, such as a gateway of OpenClaw makes for itself. */
export async function selfSignedCertificate(commonName: string): Promise<IssuedCertificate> {
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(false),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
  })
  return { cert: certificate.toString('pem'), key: privateKeyOf(keys) }
}

/** A new root and what it issues. ECDSA P-256: a few milliseconds each, where RSA takes a hundred. */
export async function createCertificateAuthority(name = 'Lab root'): Promise<CertificateAuthority> {
  const rootKeys = await generateKeys()
  // A random unit in the subject keeps two authorities of one name apart: OpenSSL finds issuers by subject.
  const subject = [{ CN: [name] }, { OU: [serialNumber()] }]
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: subject,
    ...validity(false),
    keys: rootKeys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  })

  async function make(names: readonly string[], options: IssueOptions): Promise<IssuedCertificate> {
    const keys = await generateKeys()
    const commonName = options.commonName ?? names[0] ?? 'unnamed'
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage
    const alternativeNames = names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const)
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [commonName] }],
      issuer: root.subjectName,
      ...validity(options.expired === true),
      publicKey: keys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([options.clientAuth ? clientAuth : serverAuth]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternativeNames)] : []),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(rootKeys.publicKey),
      ],
    })
    return { cert: leaf.toString('pem'), key: privateKeyOf(keys) }
  }

  const issued = new Map<string, Promise<IssuedCertificate>>()
  return {
    certificate: root.toString('pem'),
    issue(names, options = {}) {
      const key = JSON.stringify([names, options])
      const certificate = issued.get(key) ?? make(names, options)
      issued.set(key, certificate)
      return certificate
    },
  }
}

let authority: Promise<CertificateAuthority> | undefined

/** One for all labs of a process: making keys is the slowest part of a lab. */
export function labAuthority(): Promise<CertificateAuthority> {
  authority ??= createCertificateAuthority()
  return authority
}
