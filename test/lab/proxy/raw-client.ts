import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

/** How a connection ended: by FIN, by RST or some other error, or not yet. */
export type Ending = 'fin' | 'error' | null

/**
 * A client without any protocol: it sends the bytes that it is given and keeps those that come. It is what a
 * fault is measured with, as every real client hides something.
 */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket
  /** One entry for each read, which on loopback is one segment or several that came together. */
  readonly chunks: Buffer[] = []
  ending: Ending = null
  error: Error | undefined
  readonly ended: Promise<Ending>
  #listeners: (() => void)[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
      this.#changed()
    })
    this.ended = new Promise((resolve) => {
      const end = (ending: Ending): void => {
        this.ending ??= ending
        this.#changed()
        resolve(this.ending)
      }
      socket.on('end', () => end('fin'))
      socket.on('error', (error) => {
        this.error = error
        end('error')
      })
      socket.on('close', () => end('error'))
    })
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
    await ready(socket, 'connect')
    return new RawClient(socket)
  }

  static async connectTls(options: ConnectionOptions): Promise<RawClient> {
    const socket = connectTls(options)
    await ready(socket, 'secureConnect')
    return new RawClient(socket)
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks)
  }

  send(bytes: Buffer | readonly number[] | string): void {
    this.socket.write(typeof bytes === 'string' ? bytes : Buffer.from(bytes))
  }

  /** Waits until so many bytes have come, and returns everything that has. */
  async receive(length: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      if (bytes >= length) return this.received
      if (this.ending !== null) {
        throw new Error(`ended by ${this.ending} after ${bytes} of ${length} bytes: ${String(this.received)}`)
      }
      await new Promise<void>((resolve) => this.#listeners.push(resolve))
    }
  }

  /** Waits for text, and returns everything that has come. */
  async receiveText(text: string): Promise<string> {
    for (let length = 1; ; length++) {
      const received = await this.receive(length)
      const all = received.toString('latin1')
      if (all.includes(text)) return all
      length = received.length
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return
    const closed = new Promise((resolve) => this.socket.once('close', resolve))
    this.socket.destroy()
    await closed
  }

  #changed(): void {
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}

function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(event, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
