import { failureOf, systemCode, type TransportError } from '../../../errors.js'

/** How a WebSocket to a gateway was opened. */
export interface Opening {
  /** Whether it is wss:. */
  readonly secure: boolean
  /** Whether the certificate is checked by its fingerprint. */
  readonly pinned: boolean
}

/** OpenSSL's code for a certificate that is its own issuer. */
const OWN_ISSUER = 'DEPTH_ZERO_SELF_SIGNED_CERT'

const OWN_CERTIFICATE =
  'A gateway makes a certificate of its own, which no authority has signed. Compare its fingerprint on its host: ' +
  'openssl x509 -noout -fingerprint -sha256 -in <certificate>, and give it as tlsFingerprint.'
const NO_ANSWER =
  'The port closed the connection without an answer. A gateway with gateway.tls.enabled speaks TLS alone: ' +
  'use wss:// and give its tlsFingerprint.'

/** A socket that did not open: what helps with a gateway, where the hint of the route is about other peers. */
export function withGatewayHint(error: TransportError, opening: Opening): TransportError {
  const hint = hintFor(error, opening)
  return hint === undefined ? error : failureOf(error, { hint })
}

function hintFor({ code, proxy, cause }: TransportError, { secure, pinned }: Opening): string | undefined {
  if (code === 'ERR_TARGET_TLS' && !pinned && systemCode(cause) === OWN_ISSUER) return OWN_CERTIFICATE
  // A proxy in between may be what closed it.
  return code === 'ERR_CONNECTION_LOST' && !secure && proxy === null ? NO_ANSWER : undefined
}
