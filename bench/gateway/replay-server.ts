import { once } from 'node:events'
import { createServer } from 'node:https'
import { WebSocketServer, type WebSocket } from 'ws'
import { listen } from '../servers/listen.js'
import type { Recording } from './recording.js'

/** A gateway that plays a recording to every connection, as fast as the other side reads. */
export interface ReplayServer {
  readonly url: string
  close(): Promise<void>
}

export async function startReplayServer(
  tls: { readonly cert: string; readonly key: string },
  recordingOf: (compress: string | null, url: string) => Promise<Recording>,
): Promise<ReplayServer> {
  const server = createServer(tls)
  const webSockets = new WebSocketServer({ server, perMessageDeflate: false })
  const url = `wss://localhost:${await listen(server)}`
  webSockets.on('connection', (socket, request) => {
    const compress = new URL(request.url ?? '/', url).searchParams.get('compress')
    socket.on('error', () => undefined)
    void recordingOf(compress, url).then((recording) => {
      socket.send(recording.hello)
      // Identify is the first thing that is sent; heartbeats are not answered, as a replay is over before.
      socket.once('message', () => void play(socket, recording))
    })
  })
  return {
    url,
    close: async () => {
      for (const socket of webSockets.clients) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

const HIGH_WATER_BYTES = 1024 * 1024
const BATCH = 256

async function play(socket: WebSocket, { ready, dispatches }: Recording): Promise<void> {
  socket.send(ready)
  for (let index = 0; index < dispatches.length && socket.readyState === socket.OPEN; index += 1) {
    const data = dispatches[index]!
    if (index % BATCH !== BATCH - 1 || socket.bufferedAmount < HIGH_WATER_BYTES) socket.send(data)
    else await new Promise<void>((resolve) => socket.send(data, () => resolve()))
  }
}
