import { afterAll } from 'vitest'
import { createDiscordTransport, type DiscordTransport, type TransportOptions } from '../../../src/index.js'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** A transport without a proxy and without repetitions, closed when the file is done. */
export function directTransport(options: TransportOptions = {}): DiscordTransport {
  const transport = createDiscordTransport({ proxy: false, env: {}, delivery: false, ...options })
  afterAll(() => transport.close())
  return transport
}

/**
 * Node's own fetch, which says what is right, and ours, which must do the same: every case that is written
 * with these runs against both.
 */
export function bothFetches(): readonly { readonly name: string; readonly fetch: Fetch }[] {
  const transport = directTransport()
  return [
    { name: 'the global fetch', fetch: (input, init) => fetch(input, init) },
    { name: 'transport.fetch', fetch: (input, init) => transport.fetch(input, init) },
  ]
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('expected a rejection')
}
