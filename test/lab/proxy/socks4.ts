import { ByteReader } from './byte-reader.js'
import type { LabTarget, ProxyConnection } from './connection.js'
import { befalls, refuse, replyEstablished, type HandshakeContext } from './handshake.js'
import { closeGently } from './misbehaviour.js'
import { dial, TargetError, Tunnel } from './tunnel.js'

const VERSION = 4
const CONNECT = 1
const GRANTED = 0x5a
const REJECTED = 0x5b
const USERID_MISMATCH = 0x5d

/** Long enough for every name and userid that is meant seriously. */
const STRING_LIMIT = 512

/**
 * One client of a SOCKS4 proxy, or of a SOCKS4a proxy, which also takes names; null where no tunnel comes of
 * it. Rejects with an EndOfStreamError when the client leaves in the middle.
 */
export async function serveSocks4(
  connection: ProxyConnection,
  context: HandshakeContext,
  { names: takesNames }: { readonly names: boolean },
): Promise<Tunnel | null> {
  const { socket, fault } = connection
  const reader = new ByteReader(socket)

  if ((await reader.byte()) !== VERSION) {
    closeGently(socket)
    return null
  }
  const command = await reader.byte()
  const port = (await reader.take(2)).readUInt16BE()
  const address = await reader.take(4)
  const userid = (await reader.takeUntilNul(STRING_LIMIT)).toString('utf8')
  if (userid !== '') connection.credentials = { username: userid, password: '' }

  // SOCKS4a: an address of 0.0.0.x with x not 0 says that a name follows.
  const byName = address.readUInt32BE() > 0 && address.readUInt32BE() < 256
  const target: LabTarget =
    byName && takesNames
      ? { host: (await reader.takeUntilNul(STRING_LIMIT)).toString('latin1'), port, addressType: 'name' }
      : { host: [...address].join('.'), port, addressType: 'ipv4' }
  connection.target = target
  connection.touch()
  if (befalls(connection, 'request', takesNames ? 'socks4a' : 'socks4')) return null

  const version = fault?.kind === 'socks-version' && fault.at === 'request' ? fault.version : 0
  // DSTPORT and DSTIP in the reply matter for BIND only.
  const answer = (code: number): Buffer => Buffer.from([version, code, 0, 0, 0, 0, 0, 0])
  const fail = async (code: number): Promise<null> => {
    await refuse(connection, 'request', answer(code))
    return null
  }
  if (command !== CONNECT || (byName && !takesNames)) return fail(REJECTED)
  if (context.auth !== undefined && !('username' in context.auth && context.auth.username === userid)) {
    return fail(USERID_MISMATCH)
  }
  if (fault?.kind === 'socks-reply' && fault.code !== GRANTED) return fail(fault.code)

  connection.handOver(reader.release())
  let upstream
  try {
    upstream = await dial(connection, context.names, target)
  } catch (error) {
    if (!(error instanceof TargetError)) throw error
    return fail(REJECTED)
  }
  await replyEstablished(connection, answer(GRANTED))
  connection.markEstablished()
  return new Tunnel(connection, upstream)
}
