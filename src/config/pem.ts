import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { configError, systemCode, unusable } from '../errors.js'
import { say } from '../messages/index.js'

const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^]*?-----END \1-----/g

/**
 * Checks that `pem` holds certificates and that each can be read: node:tls passes over what it cannot read,
 * and the connection would fail later with a message about the peer.
 */
export function checkCertificates<Pem extends string | Buffer>(pem: Pem, field: string): Pem {
  const blocks = pem.toString('latin1').match(CERTIFICATE)
  if (blocks === null) throw unusable(field, 'config.pem', 'config.pem.hint')
  try {
    for (const block of blocks) new X509Certificate(block)
  } catch {
    throw unusable(field, 'config.certificate', 'config.pem.hint')
  }
  return pem
}

/** Checks that this is a private key in PEM, encrypted or not. */
export function checkKeyFormat<Pem extends string | Buffer>(pem: Pem, field: string): Pem {
  if (/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(pem.toString('latin1'))) return pem
  throw configError(
    field,
    'must hold a private key in PEM format',
    'It begins with -----BEGIN PRIVATE KEY-----.',
  )
}

/** Reads the key of a hop, which tells whether its passphrase is right. */
export function readPrivateKey(pem: string | Buffer, passphrase: string | undefined, hop: string): KeyObject {
  // PKCS #8 says it in its label, the older formats in a header (RFC 1421 §4.6.1.1).
  if (passphrase === undefined && /BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem.toString('latin1'))) {
    throw configError(`${hop}.passphrase`, 'is needed: the key is encrypted', `Set ${hop}.passphrase.`)
  }
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch {
    const hint = `If it is encrypted, check ${hop}.passphrase.`
    throw configError(`${hop}.key`, 'holds a private key that cannot be read', hint)
  }
}

/** Reads a file of CA certificates. Messages hold the system's error code and not the path. */
export function readCertificateFile(path: string, field: string): Buffer {
  let pem: Buffer
  try {
    // A pipe or a device could block for ever, or never end.
    if (!statSync(path).isFile()) throw unusable(field, 'config.not-file', 'config.not-file.hint')
    pem = readFileSync(path)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ERR_PROXY_CONFIG') throw error
    throw configError(
      field,
      say('config.unreadable', { code: code ?? 'unknown error' }),
      say('config.unreadable.hint'),
    )
  }
  checkCertificates(pem, field)
  return pem
}
