import { ByteReader } from './byte-reader.js'
import type { LabTarget, ProxyConnection } from './connection.js'
import type { Fault } from './faults.js'
import { befalls, isAuthorised, refuse, reply, replyEstablished, type HandshakeContext } from './handshake.js'
import { closeGently } from './misbehaviour.js'
import { dial, TargetError, Tunnel } from './tunnel.js'

/** What a SOCKS5 proxy does with a client that speaks something else: most close, some answer 05 FF first. */
export type ForeignAnswer = 'close' | 'no acceptable method'

// RFC 1928, sections 3, 4 and 6; RFC 1929.
const VERSION = 5
const AUTH_VERSION = 1
const NO_AUTH = 0x00
const USERNAME_PASSWORD = 0x02
const NO_ACCEPTABLE_METHOD = 0xff
const CONNECT = 0x01
const IPV4 = 0x01
const NAME = 0x03
const IPV6 = 0x04
const SUCCEEDED = 0x00
const HOST_UNREACHABLE = 0x04
const CONNECTION_REFUSED = 0x05
const COMMAND_NOT_SUPPORTED = 0x07
const ADDRESS_TYPE_NOT_SUPPORTED = 0x08

/**
 * One client of a SOCKS5 proxy, from its first byte to the open tunnel; null where there is none. Rejects with
 * an EndOfStreamError when the client leaves in the middle.
 */
export async function serveSocks5(
  connection: ProxyConnection,
  context: HandshakeContext,
  foreign: ForeignAnswer = 'close',
): Promise<Tunnel | null> {
  const { socket, fault } = connection
  const reader = new ByteReader(socket)

  if ((await reader.byte()) !== VERSION) {
    if (foreign === 'close') closeGently(socket)
    else await refuse(connection, 'method', Buffer.from([VERSION, NO_ACCEPTABLE_METHOD]))
    return null
  }
  const offered = await reader.take(await reader.byte())
  if (befalls(connection, 'method', 'socks5')) return null
  const method = chooseMethod(offered, context, fault)
  const methodReply = Buffer.from([versionAt(fault, 'method', VERSION), method])
  if (method === NO_ACCEPTABLE_METHOD) {
    await refuse(connection, 'method', methodReply)
    return null
  }
  await reply(connection, 'method', methodReply)
  if (method !== NO_AUTH && method !== USERNAME_PASSWORD) return null

  if (method === USERNAME_PASSWORD && !(await admits(connection, context, reader))) return null

  const [version, command, , addressType] = await reader.take(4)
  const target = version === VERSION ? await readTarget(reader, addressType!) : null
  connection.target = target
  connection.touch()
  if (befalls(connection, 'request', 'socks5')) return null
  const fail = async (code: number): Promise<null> => {
    await refuse(connection, 'request', finalReply(code, fault))
    return null
  }
  if (target === null) return fail(ADDRESS_TYPE_NOT_SUPPORTED)
  if (command !== CONNECT) return fail(COMMAND_NOT_SUPPORTED)
  if (fault?.kind === 'socks-reply' && fault.code !== SUCCEEDED) return fail(fault.code)

  connection.handOver(reader.release())
  let upstream
  try {
    upstream = await dial(connection, context.names, target)
  } catch (error) {
    if (!(error instanceof TargetError)) throw error
    return fail(error.reason === 'refused' ? CONNECTION_REFUSED : HOST_UNREACHABLE)
  }
  await replyEstablished(connection, finalReply(SUCCEEDED, fault))
  connection.markEstablished()
  return new Tunnel(connection, upstream)
}

/** RFC 1929: whether it lets the client in. */
async function admits(
  connection: ProxyConnection,
  context: HandshakeContext,
  reader: ByteReader,
): Promise<boolean> {
  const { fault } = connection
  const version = await reader.byte()
  const username = await reader.take(await reader.byte())
  const password = await reader.take(await reader.byte())
  connection.credentials = { username: username.toString('utf8'), password: password.toString('utf8') }
  connection.touch()
  if (befalls(connection, 'auth', 'socks5')) return false
  const accepted = version === AUTH_VERSION && isAuthorised(connection, context.auth)
  const status = fault?.kind === 'socks-auth-status' ? fault.status : accepted ? 0 : 1
  const answer = Buffer.from([versionAt(fault, 'auth', AUTH_VERSION), status])
  if (status === 0) await reply(connection, 'auth', answer)
  else await refuse(connection, 'auth', answer)
  return status === 0
}

function chooseMethod(offered: Buffer, { auth }: HandshakeContext, fault: Fault | undefined): number {
  if (fault?.kind === 'socks-method') return fault.method
  const wanted = auth !== undefined || concernsAuth(fault) ? USERNAME_PASSWORD : NO_AUTH
  return offered.includes(wanted) ? wanted : NO_ACCEPTABLE_METHOD
}

/** A fault of the authentication needs one, even on a proxy that is open to everybody. */
function concernsAuth(fault: Fault | undefined): boolean {
  if (fault?.kind === 'socks-auth-status') return true
  return (fault?.kind === 'request' || fault?.kind === 'socks-version') && fault.at === 'auth'
}

function versionAt(fault: Fault | undefined, at: 'method' | 'auth' | 'request', version: number): number {
  return fault?.kind === 'socks-version' && fault.at === at ? fault.version : version
}

async function readTarget(reader: ByteReader, addressType: number): Promise<LabTarget | null> {
  if (addressType === NAME) {
    const host = (await reader.take(await reader.byte())).toString('latin1')
    return { host, port: (await reader.take(2)).readUInt16BE(), addressType: 'name' }
  }
  if (addressType === IPV4) {
    const host = [...(await reader.take(4))].join('.')
    return { host, port: (await reader.take(2)).readUInt16BE(), addressType: 'ipv4' }
  }
  if (addressType === IPV6) {
    const bytes = await reader.take(16)
    const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
    const host = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
    return { host, port: (await reader.take(2)).readUInt16BE(), addressType: 'ipv6' }
  }
  return null
}

function finalReply(code: number, fault: Fault | undefined): Buffer {
  const type = fault?.kind === 'socks-bound' ? fault.addressType : 'ipv4'
  const head = [versionAt(fault, 'request', VERSION), code, 0]
  const port = [0x1f, 0x90]
  switch (type) {
    case 'ipv4':
      return Buffer.from([...head, IPV4, 127, 0, 0, 1, ...port])
    case 'ipv6':
      return Buffer.from([...head, IPV6, ...new Array<number>(15).fill(0), 1, ...port])
    case 'name': {
      const name = Buffer.from('bound.proxy.invalid')
      return Buffer.from([...head, NAME, name.length, ...name, ...port])
    }
  }
}
