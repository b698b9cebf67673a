import type { Socket } from 'node:net'
import type { ConnectArguments } from './connect-arguments.js'

/**
 * The option `onread` of net.connect() and tls.connect(): what arrives is copied into a buffer of the caller's, and a
 * function is called for it. Node does that below the stream, and a socket without a handle has nothing there.
 * https://nodejs.org/api/net.html#socketconnectoptions-connectlistener
 */
export function readIntoBuffer(socket: Socket, { onread }: ConnectArguments['options']): void {
  if (typeof onread !== 'object' || onread === null || !('buffer' in onread) || !('callback' in onread))
    return
  const { buffer, callback } = onread
  if (typeof callback !== 'function') return
  const next = (): unknown => (typeof buffer === 'function' ? Reflect.apply(buffer, undefined, []) : buffer)
  let target = next()
  socket.on('data', (chunk: Buffer) => {
    let rest = chunk
    while (rest.length > 0) {
      if (!(target instanceof Uint8Array) || target.length === 0) return
      const length = Math.min(rest.length, target.length)
      target.set(rest.subarray(0, length))
      rest = rest.subarray(length)
      const wantsMore: unknown = Reflect.apply(callback, socket, [length, target])
      target = next()
      if (wantsMore !== false) continue
      socket.pause()
      if (rest.length > 0) socket.unshift(rest)
      return
    }
  })
}
