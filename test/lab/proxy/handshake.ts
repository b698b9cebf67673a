import { closeGently, drip, misbehave, writeSplit } from './misbehaviour.js'
import type { ProxyConnection } from './connection.js'
import type { HandshakeStep, LabScheme } from './faults.js'
import type { LabNames } from '../names.js'

/** What a proxy asks of its clients: a username and password, or one exact Proxy-Authorization. */
export type LabAuth =
  { readonly username: string; readonly password: string } | { readonly authorization: string }

/** What the servers of each scheme need. */
export interface HandshakeContext {
  readonly names: LabNames
  readonly auth: LabAuth | undefined
}

/** Plays the fault that waits for this message, if there is one. True: the handshake ends here. */
export function befalls(connection: ProxyConnection, step: HandshakeStep, scheme: LabScheme): boolean {
  const { fault, socket, raw } = connection
  // A drip is an honest answer, only slow: reply() has it.
  if (fault?.kind !== 'request' || (fault.at ?? 'request') !== step || fault.verb === 'drip') return false
  connection.listenToTheEnd()
  misbehave(fault.verb, { socket, raw, scheme, step, periodMs: fault.periodMs })
  return true
}

/** Sends an answer of the handshake as fast, or as slowly, as the fault has it. */
export async function reply(connection: ProxyConnection, step: HandshakeStep, bytes: Buffer): Promise<void> {
  const { fault, socket } = connection
  if (fault?.kind === 'split') await writeSplit(socket, bytes)
  else if (fault?.kind === 'request' && fault.verb === 'drip' && (fault.at ?? 'request') === step) {
    await drip(socket, bytes, fault.periodMs ?? 1_000)
  } else socket.write(bytes)
}

/** The last answer, the one that opens the tunnel. */
export async function replyEstablished(connection: ProxyConnection, bytes: Buffer): Promise<void> {
  const { fault } = connection
  const trailing = fault?.kind === 'trailing' ? Buffer.from(fault.bytes, 'latin1') : Buffer.alloc(0)
  await reply(connection, 'request', Buffer.concat([bytes, trailing]))
}

/** Sends a refusal and closes. */
export async function refuse(connection: ProxyConnection, step: HandshakeStep, bytes: Buffer): Promise<void> {
  await reply(connection, step, bytes)
  connection.listenToTheEnd()
  closeGently(connection.socket)
}

export function isAuthorised(connection: ProxyConnection, auth: LabAuth | undefined): boolean {
  if (auth === undefined) return true
  if ('authorization' in auth) return connection.authorization === auth.authorization
  const { credentials } = connection
  return credentials?.username === auth.username && credentials.password === auth.password
}
