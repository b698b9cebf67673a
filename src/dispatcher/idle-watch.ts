import type { Socket } from 'node:net'

/**
 * Watches a connection that nobody reads yet. Its end would go unnoticed: a FIN is heard only by who reads, and
 * a tunnel that was opened ahead of its first request has no reader. And what is silent for long may be gone
 * without a word, beyond a proxy whose own keep-alive answers for it; so it is kept for `keepMs` only. What
 * arrives (HTTP/2 servers speak first) stays in the socket's buffer for the client to come.
 *
 * @returns stops watching, when the client takes over
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
