import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/**
 * A socket as a plain stream. On a socket Node's HTTP/2 reads and writes behind JavaScript's back, and on Node 20
 * to 24 it may then miss a connection that is reset while it writes: neither end nor error, and everything on it
 * waits for ever. As a stream the socket tells of its end itself.
 */
export class JsStream extends Duplex {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.once('end', () => this.push(null))
    socket.once('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
    socket.pause()
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.cork()
    chunks.forEach(({ chunk }, at) => this.#socket.write(chunk, at === chunks.length - 1 ? done : undefined))
    this.#socket.uncork()
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  ref(): this {
    this.#socket.ref()
    return this
  }

  unref(): this {
    this.#socket.unref()
    return this
  }
}
