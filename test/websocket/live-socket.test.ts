import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { unreadable } from '../../src/gateway/disconnect.js'
import { LiveSocket, liveSocketOptions, type SocketEnd } from '../../src/websocket/live-socket.js'

const via = { proxy: null, target: 'localhost:1' }

let server: WebSocketServer
let peer: WebSocket
/** The TCP socket of the peer: for frames that no WebSocket would send. */
let wire: Socket
let live: LiveSocket
let ended: Promise<SocketEnd>
let received: string[]

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  received = []
  const { port } = server.address() as AddressInfo
  const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>
  await new Promise<void>((opened) => {
    ended = new Promise((resolve) => {
      const client = new WebSocket(`ws://127.0.0.1:${port}`, liveSocketOptions(4_000_000))
      live = new LiveSocket(client, via, {
        opened,
        message: (data) => received.push(data.toString()),
        pong: () => received.push('pong'),
        ended: resolve,
      })
    })
  })
  const [socket, request] = await connected
  peer = socket
  peer.on('error', () => undefined)
  wire = request.socket
})

afterEach(async () => {
  live.drop(1000)
  await ended
  await new Promise((resolve) => server.close(resolve))
})

/** The beginning of a text message of this length. RFC 6455 §5.2. */
function header(length: number): Buffer {
  const bytes = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0])
  bytes.writeBigUInt64BE(BigInt(length), 2)
  return bytes
}

describe('a deadline', () => {
  it('comes again while more of a message arrives, and expires when no more does', async () => {
    wire.write(header(1_000_000))
    let expired = 0
    const over = new Promise<void>((resolve) =>
      live.expect(200, () => {
        expired += 1
        resolve()
      }),
    )
    for (let part = 0; part < 20; part += 1) {
      wire.write('x'.repeat(1_000))
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    expect(expired).toBe(0)
    await over
    expect(received).toEqual([])
  })

  it('is not put off by messages that are complete', async () => {
    const chatter = setInterval(() => peer.send('an acknowledgement'), 20)
    await new Promise<void>((resolve) => live.expect(200, resolve))
    clearInterval(chatter)
    expect(received.length).toBeGreaterThan(0)
  })

  it('is not put off by pings', async () => {
    const chatter = setInterval(() => peer.ping(), 20)
    await new Promise<void>((resolve) => live.expect(200, resolve))
    clearInterval(chatter)
  })

  it('does not expire when what was expected has come', async () => {
    let expired = 0
    live.expect(20, () => (expired += 1))
    live.expected()
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(expired).toBe(0)
  })
})

describe('a message that cannot be read', () => {
  const RAISE = 'Raise maxPayload if the payload is wanted.'

  it('because it is too large asks for a larger maxPayload', async () => {
    wire.write(header(4_000_001))
    const end = await ended
    expect(end).toMatchObject({ kind: 'unreadable' })
    if (end.kind === 'unreadable') expect(unreadable(end.error).error).toMatchObject({ hint: RAISE })
  })

  it('because it has too many fragments does not', async () => {
    for (let count = 0; count < 20_000; count += 1) peer.send('x', { fin: false })
    const end = await ended
    expect(end).toMatchObject({ kind: 'unreadable', error: { code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS' } })
    if (end.kind === 'unreadable') expect(unreadable(end.error).error).not.toMatchObject({ hint: RAISE })
  })
})

describe('the end', () => {
  it('of a peer that closes has its code and reason', async () => {
    peer.close(4000, 'Try again.')
    expect(await ended).toEqual({ kind: 'close-frame', code: 4000, reason: 'Try again.' })
  })

  it('of a peer that vanishes with a FIN is a loss', async () => {
    wire.end()
    expect(await ended).toEqual({ kind: 'lost' })
  })

  it('of a connection that is reset has the system code', async () => {
    wire.resetAndDestroy()
    expect(await ended).toMatchObject({
      kind: 'failed',
      opened: true,
      error: { code: 'ERR_CONNECTION_LOST', cause: { code: 'ECONNRESET' } },
    })
  })
})
