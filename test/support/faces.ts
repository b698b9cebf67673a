import { once } from 'node:events'
import { get, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import { request } from 'undici'
import { TransportError, type DiscordTransport } from '../../src/index.js'
import type { WebSocketOptions } from '../../src/index.js'
import { GATEWAY, USERS_ME } from './urls.js'

/** A GET with node:https on the agent; resolves with status and body. */
export async function getByAgent(
  transport: Pick<DiscordTransport, 'agent'>,
  url: string = USERS_ME,
  options: RequestOptions = {},
): Promise<{ status: number; body: string }> {
  const request = get(url, { agent: transport.agent, ...options })
  return new Promise((resolve, reject) => {
    request.once('error', reject)
    request.once('response', (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    })
  })
}

/** A WebSocket to the gateway; resolves with the first payload, the socket terminated. */
export async function helloByWebSocket(
  transport: DiscordTransport,
  options?: WebSocketOptions,
  url: string = GATEWAY,
): Promise<{ op: number }> {
  const socket = transport.createWebSocket(url, options)
  const closed = once(socket, 'close')
  try {
    return await new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString()) as { op: number }))
      socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
    })
  } finally {
    socket.terminate()
    await closed
  }
}

/** A GET with undici's `request` on the dispatcher. */
export async function getByDispatcher(
  { dispatcher }: Pick<DiscordTransport, 'dispatcher'>,
  url: string = USERS_ME,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await request(url, { dispatcher, headers })
  return { status: statusCode, body: await body.text() }
}

/** A GET with the transport's fetch. */
export async function getByFetch(
  transport: Pick<DiscordTransport, 'fetch'>,
  url: string = USERS_ME,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const response = await transport.fetch(url, { headers })
  return { status: response.status, body: await response.text() }
}

/** Every way in which a caller can reach Discord. Each resolves when bytes of Discord have come back. */
export const FACES = {
  agent: (transport: DiscordTransport): Promise<unknown> => getByAgent(transport),
  websocket: (transport: DiscordTransport): Promise<unknown> => helloByWebSocket(transport),
  dispatcher: (transport: DiscordTransport): Promise<unknown> => getByDispatcher(transport),
  fetch: (transport: DiscordTransport): Promise<unknown> => getByFetch(transport),
} as const

export type Face = keyof typeof FACES

/** The error of a promise that must be rejected, with a TransportError. */
export async function failureOf(promise: Promise<unknown>): Promise<TransportError> {
  const error = await rejectionOf(promise)
  if (error instanceof TransportError) return error
  throw new Error('failed with something else than a TransportError', { cause: error })
}

/** What a promise that must be rejected is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('this should have failed')
}
