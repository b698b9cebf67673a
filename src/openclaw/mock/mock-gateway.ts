import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { MockConnection } from './connection.js'
import { GatewayState } from './methods.js'
import { invalid } from './refused.js'
import type { Audience } from './session.js'

/** A gateway in memory, for trying a program without OpenClaw. It listens on this host only, and answers `Echo: …`. */
export interface MockGateway {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

const MAX_PAYLOAD = 26_214_400
const TICK_MS = 30_000

export async function startMockGateway(): Promise<MockGateway> {
  const token = randomUUID()
  const connections = new Set<MockConnection>()
  const tell = (audience: Audience, event: string, payload: Readonly<Record<string, unknown>>): void => {
    for (const connection of connections) connection.event(audience, event, payload)
  }
  const state = new GatewayState({ tell, answer: (message) => Promise.resolve(`Echo: ${message}`) })
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    maxPayload: MAX_PAYLOAD,
    perMessageDeflate: false,
  })
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('it listens on TCP')
  server.on('connection', (socket) => {
    const connection = new MockConnection(socket, {
      state,
      server: { version: 'mock', bootId: token.slice(0, 8) },
      tickIntervalMs: TICK_MS,
      maxPayload: MAX_PAYLOAD,
      handshakeTimeoutMs: 15_000,
      unavailable: () => undefined,
      admit: ({ auth, scopes }) => {
        if (typeof auth !== 'object' || auth === null || !('token' in auth) || auth.token !== token)
          throw invalid('unauthorized: gateway token mismatch', { code: 'AUTH_TOKEN_MISMATCH' })
        const list = Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : []
        return { role: 'operator', scopes: list, method: 'token', hasDevice: false }
      },
    })
    connections.add(connection)
    socket.on('close', () => connections.delete(connection))
  })
  return {
    url: `ws://127.0.0.1:${address.port}`,
    token,
    close: async () => {
      state.stop()
      for (const socket of server.clients) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}
