import { isIP, Socket } from 'node:net'
import { toError } from '../../errors.js'

export interface TunnelSocketOptions {
  readonly host: string
  readonly port: number
  /** Opens the tunnel; it is called at once. */
  readonly open: (signal: AbortSignal) => Promise<Socket>
  /** As net.connect() takes them. */
  readonly allowHalfOpen?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * What net.connect() gives back in place of a connecting socket: it connects when its tunnel is open. It has no handle of
 * the system: what is above it (TLS, HTTP/2) reads and writes it as a stream.
 */
export class TunnelSocket extends Socket {
  readonly #opening = new AbortController()
  readonly #host: string
  readonly #port: number
  #tunnel: Socket | undefined
  #referenced = true
  #above: Socket | undefined

  constructor({ host, port, open, allowHalfOpen = false, signal }: TunnelSocketOptions) {
    super({ allowHalfOpen, ...(signal === undefined ? undefined : { signal }) })
    this.#host = host
    this.#port = port
    Object.assign(this, { connecting: true })
    hideGetters(this, {
      // Node reads these from the handle.
      pending: () => this.connecting,
      bytesRead: () => this.#tunnel?.bytesRead ?? 0,
      bytesWritten: () => this.#tunnel?.bytesWritten ?? 0,
      remoteAddress: () => this.#host,
      remotePort: () => this.#port,
      remoteFamily: () => (isIP(this.#host) === 6 ? 'IPv6' : 'IPv4'),
      localAddress: () => this.#tunnel?.localAddress,
      localPort: () => this.#tunnel?.localPort,
    })
    open(this.#opening.signal).then(
      (tunnel) => this.#connected(tunnel),
      (error: unknown) => this.destroy(toError(error)),
    )
  }

  /**
   * TLS over this socket fails and ends with it. Node only emits the error at TLS over a socket without a handle, so that
   * what is above it, HTTP/2 for one, goes on waiting. `ref()` and `unref()` of TLS, which Node passes on to the handle
   * below, are those of this socket.
   */
  carry(above: Socket): void {
    this.#above = above
    above.once('close', () => this.destroy())
    above.ref = () => {
      this.ref()
      return above
    }
    above.unref = () => {
      this.unref()
      return above
    }
  }

  override _read(): void {
    this.#tunnel?.resume()
  }

  override _write(
    chunk: Uint8Array,
    encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    this.#refreshTimeout()
    this.#whenOpen((tunnel) => tunnel.write(chunk, encoding, callback), callback)
  }

  override _writev(
    chunks: readonly { chunk: Uint8Array; encoding: BufferEncoding }[],
    callback: (error?: Error | null) => void,
  ): void {
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    )
    this._write(Buffer.concat(parts), 'utf8', callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#whenOpen((tunnel) => tunnel.end(() => callback()), callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#opening.abort(error ?? new Error('The socket was destroyed'))
    this.#tunnel?.destroy()
    if (error !== null && this.#above !== undefined) this.#above.destroy(error)
    super._destroy(this.#above === undefined ? error : null, callback)
  }

  override resetAndDestroy(): this {
    this.#tunnel?.resetAndDestroy()
    return this.destroy()
  }

  override setNoDelay(noDelay?: boolean): this {
    this.#tunnel?.setNoDelay(noDelay)
    return this
  }

  override setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#tunnel?.setKeepAlive(enable, initialDelay)
    return this
  }

  override ref(): this {
    this.#referenced = true
    this.#tunnel?.ref()
    return this
  }

  override unref(): this {
    this.#referenced = false
    this.#tunnel?.unref()
    return this
  }

  #connected(tunnel: Socket): void {
    if (this.destroyed) {
      tunnel.destroy()
      return
    }
    this.#tunnel = tunnel
    if (!this.#referenced) tunnel.unref()
    tunnel.on('data', (chunk: Buffer) => {
      this.#refreshTimeout()
      if (!this.push(chunk)) tunnel.pause()
    })
    tunnel.once('end', () => {
      this.push(null)
      // Nobody may be reading: as Node does it, the end is seen all the same.
      this.read(0)
    })
    tunnel.once('error', (error) => this.destroy(error))
    // After its end it is the reader who ends this socket: what it has not read yet would be lost.
    tunnel.once('close', () => {
      if (!tunnel.readableEnded) this.destroy()
    })
    Object.assign(this, { connecting: false })
    this.emit('connect')
    this.emit('ready')
  }

  /** Runs now or when the tunnel is open; fails where that never comes. */
  #whenOpen(run: (tunnel: Socket) => void, fail: (error: Error) => void): void {
    if (this.#tunnel !== undefined) {
      run(this.#tunnel)
      return
    }
    const onConnect = (): void => {
      this.off('close', onClose)
      if (this.#tunnel !== undefined) run(this.#tunnel)
    }
    const onClose = (): void => {
      this.off('connect', onConnect)
      fail(
        Object.assign(new Error('Socket closed before the connection was established'), {
          code: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
        }),
      )
    }
    this.once('connect', onConnect)
    this.once('close', onClose)
  }

  /** Node counts `setTimeout()` from the last byte, and counts the bytes of handles only. */
  #refreshTimeout(): void {
    const refresh: unknown = Reflect.get(this, '_unrefTimer')
    if (typeof refresh === 'function') Reflect.apply(refresh, this, [])
  }
}

function hideGetters(socket: Socket, getters: Readonly<Record<string, () => unknown>>): void {
  for (const [name, get] of Object.entries(getters))
    Object.defineProperty(socket, name, { get, configurable: true })
}
