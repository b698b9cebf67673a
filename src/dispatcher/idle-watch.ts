import type { Socket } from 'node:net'

/**
 * Watches a connection that has no reader yet, such as a tunnel that was opened ahead of its first request. Node
 * reports a FIN only to a reader, so without this the end of the connection would go unnoticed. A connection that
 * is silent for long may be dead beyond a proxy whose own keep-alive still answers, so it is kept for `keepMs` only.
 * Bytes that arrive stay in the socket's buffer for the client.
 *
 * @returns a function that stops the watch, for the time when the client takes over
 */
export function watchIdle(socket: Socket, keepMs: number, onGone: () => void): () => void {
  const timer = setTimeout(onGone, keepMs).unref()
  const onReadable = (): void => {
    // With an empty buffer this reads the end, if there is one, and nothing else.
    if (socket.readableLength === 0) socket.read(0)
  }
  const onEnd = (): void => {
    clearTimeout(timer)
    onGone()
  }
  socket.on('readable', onReadable)
  socket.once('end', onEnd)
  socket.once('close', onEnd)
  return () => {
    clearTimeout(timer)
    socket.off('readable', onReadable)
    socket.off('end', onEnd)
    socket.off('close', onEnd)
  }
}
