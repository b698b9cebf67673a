import { TLSSocket, type PeerCertificate } from 'node:tls'
import type { Socket } from 'node:net'
import { sanitizeForeignText, type ProxyEndpoint } from '../../config/index.js'
import { say } from '../../messages/index.js'
import { openTls } from './port-probe.js'

/** What a peer showed of itself, fit to print. */
export interface SeenCertificate {
  readonly subject: string
  readonly issuer: string
  /** ISO 8601, as far as it can be read. */
  readonly validTo: string
}

/** Undefined where the socket has no certificate. */
export function certificateOf(socket: Socket): SeenCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate()
  const { subject, issuer, valid_to: validTo } = certificate
  if (subject === undefined || issuer === undefined) return undefined
  const end = new Date(validTo ?? '')
  return {
    subject: nameIn(subject),
    issuer: nameIn(issuer),
    validTo: Number.isNaN(end.getTime()) ? 'an unknown date' : end.toISOString().slice(0, 10),
  }
}

export function describeCertificate({ subject, issuer, validTo }: SeenCertificate): string {
  return say('doctor.detail.certificate', { subject, issuer, validTo })
}

/**
 * What an `https://` proxy shows, whether it can be trusted or not: nothing is sent to it. Undefined where it
 * does not come to a certificate before `limit` is aborted.
 */
export async function proxyCertificate(
  proxy: ProxyEndpoint,
  limit: AbortSignal,
): Promise<SeenCertificate | undefined> {
  const socket = openTls(proxy).on('error', () => undefined)
  const certificate = await new Promise<SeenCertificate | undefined>((resolve) => {
    socket.once('secureConnect', () => resolve(certificateOf(socket)))
    // An error closes it too.
    socket.once('close', () => resolve(undefined))
    limit.addEventListener('abort', () => resolve(undefined), { once: true })
    if (limit.aborted) resolve(undefined)
  })
  socket.destroy()
  return certificate
}

/** RFC 4514 writes all of it; the common name and the organisation are what people recognise. */
function nameIn(name: PeerCertificate['subject']): string {
  const parts = [name.CN, name.O].flat().filter((part) => typeof part === 'string' && part !== '')
  return sanitizeForeignText(parts.join(', '), 80) || '(no name)'
}
