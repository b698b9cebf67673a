import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { DiscordTransport, TransportWebSocket } from '../../src/index.js'
import type { Case } from './case.js'
import { send } from './rest-requests.js'

const GATEWAY_URL = 'wss://gateway.discord.gg/?v=10&encoding=json'
const HEARTBEAT = JSON.stringify({ op: 1, d: null })

async function nextPayload(socket: TransportWebSocket): Promise<unknown> {
  const [data] = (await once(socket, 'message')) as readonly unknown[]
  return JSON.parse(String(data))
}

/** The code of the WebSocket's end. */
async function closeCode(socket: TransportWebSocket): Promise<unknown> {
  const [code] = (await once(socket, 'close')) as readonly unknown[]
  return code
}

async function connect(transport: DiscordTransport): Promise<TransportWebSocket> {
  const socket = transport.createWebSocket(GATEWAY_URL)
  expect(await nextPayload(socket)).toMatchObject({ op: 10, d: { heartbeat_interval: 41_250 } })
  return socket
}

async function beat(socket: TransportWebSocket): Promise<void> {
  const answer = nextPayload(socket)
  socket.send(HEARTBEAT)
  expect(await answer).toMatchObject({ op: 11 })
}

async function leave(socket: TransportWebSocket): Promise<void> {
  const closed = once(socket, 'close')
  socket.close(1000)
  await closed
}

export const GATEWAY_CASES: readonly Case[] = [
  {
    title: 'the gateway connects, says hello and acknowledges a heartbeat',
    column: 'gateway',
    run: async ({ open }) => {
      const socket = await connect(open())
      await beat(socket)
      await leave(socket)
    },
  },
  {
    title:
      'after a while of silence a send succeeds, and the gateway is still there unless the proxy cuts it',
    column: 'idle',
    run: async ({ open, proxy, discord }) => {
      const transport = open({ keepAliveMs: 60_000 })
      const socket = await connect(transport)
      const gone = closeCode(socket)
      await send(transport, discord, { content: 'before the silence' })
      const { idleMs = 800, cutsIdle = false } = proxy
      await delay(idleMs)
      await send(transport, discord, { content: 'after the silence' })
      if (cutsIdle) {
        expect(await gone).toBe(1006)
      } else {
        await beat(socket)
        await leave(socket)
      }
    },
  },
  {
    title: 'after a restart of the proxy the gateway connects again and a send succeeds',
    column: 'restart',
    needs: 'restart',
    run: async ({ open, proxy, discord }) => {
      const transport = open()
      const socket = await connect(transport)
      await send(transport, discord, { content: 'before the restart' })
      const gone = closeCode(socket)
      await proxy.restart?.()
      expect(await gone).toBe(1006)
      await send(transport, discord, { content: 'after the restart' })
      await leave(await connect(transport))
    },
  },
]
