import { TLSSocket } from 'node:tls'
import type { Duplex } from 'node:stream'
import { OpenClawError } from '../openclaw-error.js'
import { invalidOption } from './address.js'

/**
 * The SHA-256 of a certificate as 64 lower-case digits.
 *
 * @param text the digits, with or without colons and `sha256:` before them
 * @param field what the error calls it
 * @throws TransportError ERR_INVALID_OPTIONS
 */
export function parseFingerprint(text: string, field = 'tlsFingerprint'): string {
  const digits = text
    .trim()
    .toLowerCase()
    .replace(/^sha-?256[:=]/, '')
    .replaceAll(':', '')
  if (/^[\da-f]{64}$/.test(digits)) return digits
  throw invalidOption(`${field}: expected the SHA-256 of the certificate, 64 hexadecimal digits`)
}

/** What is wrong with the certificate of an open connection; undefined if it is the one that is expected. */
export function fingerprintProblem(
  socket: Duplex,
  expected: string,
  target: string,
): OpenClawError | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  const found = certificate?.fingerprint256.replaceAll(':', '').toLowerCase()
  if (found === expected) return undefined
  const shown = found === undefined ? 'no certificate' : `the certificate sha256:${found}`
  return new OpenClawError(`${target} has ${shown}, which is not the one of tlsFingerprint`, {
    code: 'ERR_OPENCLAW_FINGERPRINT',
    hint:
      'Nothing was sent. If the gateway has a new certificate, compare this fingerprint on its host: openssl x509 ' +
      '-noout -fingerprint -sha256 -in <certificate>, and give it as tlsFingerprint.',
  })
}
