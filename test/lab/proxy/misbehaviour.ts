import type { Socket } from 'node:net'
import type { HandshakeStep, LabScheme, Misbehaviour } from './faults.js'

/** Of no protocol: neither a SOCKS version, nor a TLS record type, nor text. The same in each run. */
export const GARBAGE = Buffer.from(
  Array.from({ length: 64 }, (_, index) => 0x80 | ((index * 73 + 41) % 0x7f)),
)

/** The beginning of a TLS 1.2 record with a ServerHello; what an `https` proxy says first. */
const SERVER_HELLO = Buffer.from([
  ...[0x16, 0x03, 0x03, 0x00, 0x7a, 0x02, 0x00, 0x00, 0x76, 0x03, 0x03],
  ...Array.from({ length: 32 }, (_, index) => index),
])

const CONNECTED = 'HTTP/1.1 200 Connection established\r\n'

const SOCKS5_REPLY = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]

/** What a client that asks for no authentication wants to see, from the first byte to the open tunnel. */
function wholeAnswer(scheme: LabScheme): Buffer {
  switch (scheme) {
    case 'http':
      return Buffer.from(`${CONNECTED}Via: 1.1 lab\r\n\r\n`)
    case 'https':
      return SERVER_HELLO
    case 'socks4':
    case 'socks4a':
      return Buffer.from([0, 0x5a, 0, 0, 0, 0, 0, 0])
    case 'socks5':
      return Buffer.from([5, 0, ...SOCKS5_REPLY])
  }
}

/** How an answer begins that goes on without end: in a header's value, or behind a name of 255 bytes. */
function endlessBeginning(scheme: LabScheme, step: HandshakeStep): Buffer {
  switch (scheme) {
    case 'http':
      return Buffer.from(`${CONNECTED}X-Endless: `)
    case 'https':
      return SERVER_HELLO
    case 'socks4':
    case 'socks4a':
      return Buffer.from([0])
    case 'socks5': {
      const reply = [5, 0, 0, 3, 0xff]
      if (step === 'request') return Buffer.from(reply)
      return Buffer.from([step === 'method' ? 5 : 1, 0, ...reply])
    }
  }
}

/** Sends FIN and goes on reading, so that no unread byte turns it into a RST. */
export function closeGently(socket: Socket): void {
  socket.resume()
  socket.end()
}

/**
 * RST on a TCP socket; TLS sockets cannot send one. After end() it is a plain close: libuv refuses to reset
 * what it has shut down, and Node then forgets the descriptor without closing it. `resetAndDestroy()` shuts down first,
 * behind what is still to be written: a socket whose peer reads nothing would be lost in the same way by a later
 * destroy(). So what is to be written is given up.
 */
export function reset(raw: Socket): void {
  if (raw.destroyed) return
  if (!raw.writableEnded && raw.writableLength > 0) {
    Reflect.set(raw, 'resetAndClosing', true)
    raw.destroy()
  } else if (raw.writableEnded) raw.destroy()
  else raw.resetAndDestroy()
}

/** One byte in each period until all are sent or the socket is gone. */
export function drip(socket: Socket, bytes: Buffer, periodMs: number): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0
    const stop = (): void => {
      clearInterval(timer)
      socket.off('close', stop)
      resolve()
    }
    const next = (): void => {
      if (sent < bytes.length && socket.writable) socket.write(bytes.subarray(sent, ++sent))
      if (sent === bytes.length || !socket.writable) stop()
    }
    const timer = setInterval(next, periodMs)
    socket.once('close', stop)
    next()
  })
}

/** Each byte in a segment of its own: the next one is written when the kernel has the last. */
export async function writeSplit(socket: Socket, bytes: Buffer): Promise<void> {
  socket.setNoDelay(true)
  for (let index = 0; index < bytes.length && socket.writable; index++) {
    await new Promise<void>((resolve) => {
      socket.write(bytes.subarray(index, index + 1), () => setImmediate(resolve))
    })
  }
}

function writeEndlessly(socket: Socket, beginning: Buffer): void {
  const more = Buffer.alloc(16_384, 'a')
  const fill = (): void => {
    while (socket.writable && socket.write(more)) continue
  }
  socket.on('drain', fill)
  socket.write(beginning)
  fill()
}

/** The connection on which a verb is played. Something else reads its bytes. */
export interface Stage {
  /** What the client hears: the TLS socket, once there is one. */
  readonly socket: Socket
  /** The TCP socket below. */
  readonly raw: Socket
  /** What the client expects to be spoken at this point. */
  readonly scheme: LabScheme
  /** The message that is due for an answer. Default: the first. */
  readonly step?: HandshakeStep
  readonly periodMs?: number | undefined
}

export function misbehave(verb: Misbehaviour, stage: Stage): void {
  const { socket, raw, scheme, step = 'method', periodMs = 1_000 } = stage
  switch (verb) {
    case 'silence':
      return
    case 'close':
      closeGently(socket)
      return
    case 'reset':
      reset(raw)
      return
    case 'garbage':
      socket.write(GARBAGE)
      return
    case 'drip':
      void drip(socket, wholeAnswer(scheme), periodMs)
      return
    case 'endless':
      writeEndlessly(socket, endlessBeginning(scheme, step))
      return
  }
}
