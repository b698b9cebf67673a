import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { systemCode, TransportError } from '../errors.js'
import type { Via } from '../tunnel/index.js'

/** How a socket ended that this side did not leave. */
export type SocketEnd =
  /** The peer sent a close frame. */
  | { readonly kind: 'close-frame'; readonly code: number; readonly reason: string }
  /** A frame that cannot be read, or a message larger than `maxPayload`: an error of ws's receiver. */
  | { readonly kind: 'unreadable'; readonly error: Error }
  /** It did not open, or broke with an error. */
  | { readonly kind: 'failed'; readonly error: Error; readonly opened: boolean }
  /** The connection is gone without an error and without a close frame. */
  | { readonly kind: 'lost' }

export interface LiveSocketOwner {
  /** By which proxy its connection was opened: of a list, not always the one that was expected. */
  via?(tcp: Socket): Via
  opened(): void
  /** @param data of a text message its UTF-8 bytes, not validated */
  message(data: Buffer, isBinary: boolean): void
  pong(): void
  /** Called once, when the socket is closed. */
  ended(end: SocketEnd): void
}

/** Options of ws for a socket whose compression is above the WebSocket, and whose text is JSON. */
export function liveSocketOptions(maxPayload: number) {
  return { maxPayload, perMessageDeflate: false, skipUTF8Validation: true }
}

/** RFC 6455 §7.1.5: no close frame was received. */
const ABNORMAL = 1006
/** Idle time before TCP checks whether the other side is there. */
const KEEP_ALIVE_MS = 10_000
/** For the answer to our close frame. */
const CLOSE_TIMEOUT_MS = 2_000

/** A WebSocket with deadlines: it knows what has arrived, how it ended and how to leave it. */
export class LiveSocket {
  readonly #socket: WebSocket
  #tcp: Socket | undefined
  #deadline: NodeJS.Timeout | undefined
  /** Bytes read when the latest message was complete. */
  #readAtMessage = 0
  #opened = false
  #failure: Error | undefined
  #unreadable: Error | undefined

  /** @param expected by which proxy the socket is opened, for the text of an error */
  constructor(socket: WebSocket, expected: Via, owner: LiveSocketOwner) {
    this.#socket = socket
    socket.on('upgrade', ({ socket: tcp }) => {
      const via = owner.via?.(tcp) ?? expected
      this.#tcp = tcp
      // If the proxy's host is gone, the kernel knows before the next heartbeat does.
      tcp.setKeepAlive(true, KEEP_ALIVE_MS)
      // ws does not report this error. It closes with 1006.
      tcp.once('error', (error) => (this.#failure ??= socketBroke(error, via)))
    })
    socket.on('open', () => {
      this.#opened = true
      owner.opened()
    })
    socket.on('message', (data, isBinary) => {
      this.#readAtMessage = this.bytesRead
      owner.message(
        Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data),
        isBinary,
      )
    })
    socket.on('ping', () => (this.#readAtMessage = this.bytesRead))
    socket.on('pong', () => {
      this.#readAtMessage = this.bytesRead
      owner.pong()
    })
    socket.on('error', (error) => this.#failed(error))
    socket.on('close', (code, reason) => {
      this.expected()
      owner.ended(this.#end(code, reason.toString()))
    })
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Bytes received so far, without those of TLS. */
  get bytesRead(): number {
    return this.#tcp?.bytesRead ?? 0
  }

  /** Whether a message has begun to arrive and is not complete. */
  get receiving(): boolean {
    return this.bytesRead > this.#readAtMessage
  }

  /** @param flushed called when the kernel has taken it, or with the error */
  send(text: string, flushed?: (error?: Error) => void): void {
    // ws calls back with null or undefined where there is no error.
    this.#socket.send(text, flushed && ((error) => flushed(error ?? undefined)))
  }

  ping(): void {
    this.#socket.ping()
  }

  /**
   * Calls `expired` unless `expected()` is called in time. A message that is still arriving at the deadline gets
   * the same time again, as long as more of it came meanwhile.
   */
  expect(timeoutMs: number, expired: () => void): void {
    this.expected()
    let seen = this.bytesRead
    const look = (): void => {
      if (!this.receiving || this.bytesRead === seen) {
        expired()
        return
      }
      seen = this.bytesRead
      this.#deadline?.refresh()
    }
    this.#deadline = setTimeout(look, timeoutMs)
  }

  /** Part of what is expected has arrived: the deadline starts again. */
  progressed(): void {
    this.#deadline?.refresh()
  }

  expected(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /** Leaves at once. The close frame is sent if the socket can take it. */
  drop(closeCode: number): void {
    this.expected()
    if (this.open) this.#socket.close(closeCode)
    this.#socket.terminate()
  }

  /** Sends a close frame and waits a moment for the answer. */
  close(closeCode: number): void {
    if (!this.open) {
      this.drop(closeCode)
      return
    }
    this.expected()
    this.#socket.close(closeCode)
    this.#deadline = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
  }

  #failed(error: Error): void {
    const code = systemCode(error)
    if (code?.startsWith('WS_ERR_') === true) this.#unreadable ??= error
    else this.#failure ??= error
    this.expected()
    // ws would wait for the close frame of the peer, in a stream that it can no longer read.
    this.#socket.terminate()
  }

  #end(code: number, reason: string): SocketEnd {
    if (this.#unreadable !== undefined) return { kind: 'unreadable', error: this.#unreadable }
    if (this.#failure !== undefined) return { kind: 'failed', error: this.#failure, opened: this.#opened }
    return code === ABNORMAL ? { kind: 'lost' } : { kind: 'close-frame', code, reason }
  }
}

/** The socket failed after it had been open: its system code says how. */
function socketBroke(cause: Error, via: Via): TransportError {
  if (cause instanceof TransportError) return cause
  return brokenConnection(`broke (${systemCode(cause) ?? cause.message})`, via, cause)
}

/** @param what as in "The connection to … broke" */
export function brokenConnection(what: string, via: Via, cause?: Error): TransportError {
  const route = via.proxy === null ? '' : ` through ${via.proxy}`
  return new TransportError(`The gateway connection to ${via.target}${route} ${what}`, {
    ...via,
    code: 'ERR_CONNECTION_LOST',
    phase: 'exchange',
    hint: 'The proxy or the network dropped it. Nothing to do: the client reconnects by itself.',
    retryable: true,
    cause,
  })
}
