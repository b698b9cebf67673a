import type { Socket } from 'node:net'

/**
 * Notices the end of a connection that nobody reads yet: a FIN is heard only by who reads, and a tunnel that
 * was opened ahead of its first request has no reader. What arrives (HTTP/2 servers speak first) stays in the
 * socket's buffer for the client to come.
 *
 * @returns stops watching, when the client takes over
 */
export function watchIdle(socket: Socket, onGone: () => void): () => void {
  const onReadable = (): void => {
    // With an empty buffer this reads the end, if there is one, and nothing else.
    if (socket.readableLength === 0) socket.read(0)
  }
  socket.on('readable', onReadable)
  socket.once('end', onGone)
  socket.once('close', onGone)
  return () => {
    socket.off('readable', onReadable)
    socket.off('end', onGone)
    socket.off('close', onGone)
  }
}
