import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { LabNames } from '../lab/names.js'

/** A query that arrived. */
export interface NameQuery {
  readonly name: string
  readonly type: number
  /** Who asked. */
  readonly from: string
}

/** RFC 1035 §3.2.2 and §4.1.1. */
const TYPE_A = 1
const RESPONSE = 0x8180
const NAME_ERROR = 3
const HEADER_BYTES = 12
const TTL_SECONDS = 60

/** The DNS of the world outside (RFC 1035): Discord's names lead to the fake, and there are no others. */
export class NameServer {
  readonly queries: NameQuery[] = []
  readonly #socket: Socket
  readonly #names: LabNames

  private constructor(socket: Socket, names: LabNames) {
    this.#socket = socket
    this.#names = names
    socket.on('message', (query, from) => this.#answer(query, from))
  }

  /** On port 53, which needs root or a network namespace of one's own. */
  static async listen(host: string, names: LabNames): Promise<NameServer> {
    const socket = createSocket('udp4')
    socket.bind(53, host)
    await once(socket, 'listening')
    return new NameServer(socket, names)
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #answer(query: Buffer, from: RemoteInfo): void {
    const question = parseQuestion(query)
    if (question === undefined) return
    const { name, type, end } = question
    this.queries.push({ name, type, from: from.address })
    const address = this.#names.resolve(name, 443)?.host
    const answers = address !== undefined && type === TYPE_A ? 1 : 0
    const header = Buffer.alloc(HEADER_BYTES)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(RESPONSE | (address === undefined ? NAME_ERROR : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(answers, 6)
    const reply = [header, query.subarray(HEADER_BYTES, end)]
    if (address !== undefined && answers > 0) reply.push(addressRecord(address))
    this.#socket.send(Buffer.concat(reply), from.port, from.address)
  }
}

/** The first question; the bytes behind it (EDNS) are not answered, which RFC 6891 §7 allows. */
function parseQuestion(
  query: Buffer,
): { readonly name: string; readonly type: number; readonly end: number } | undefined {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query[at]; length !== 0; length = query[at]) {
    if (length === undefined || length > 63) return undefined
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  if (query.length < at + 5) return undefined
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** An A record whose name is a pointer to the question's. */
function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16)
  record.writeUInt16BE(0xc000 | HEADER_BYTES, 0)
  record.writeUInt16BE(TYPE_A, 2)
  record.writeUInt16BE(1, 4)
  record.writeUInt32BE(TTL_SECONDS, 6)
  record.writeUInt16BE(4, 10)
  address.split('.').forEach((octet, index) => record.writeUInt8(Number(octet), 12 + index))
  return record
}
