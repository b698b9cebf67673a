import { textOf, type Fields } from './wire/frames.js'

/** Sends one request. */
export type Ask = (method: string, params: Fields) => Promise<unknown>

/** Events that every connection gets which may read. */
const BY_THEMSELVES: ReadonlySet<string> = new Set([
  'agent',
  'chat',
  'presence',
  'tick',
  'health',
  'shutdown',
])

/**
 * What the client is subscribed to. A connection begins without any subscription, so that they are asked for again
 * after each reconnect.
 */
export class Subscriptions {
  readonly #asked = new Map<string, { readonly method: string; readonly params: Fields }>()

  /** @param names `sessions`, or keys of sessions; names of events that come by themselves need nothing */
  constructor(names: readonly string[]) {
    for (const name of names) {
      if (BY_THEMSELVES.has(name)) continue
      if (name === 'sessions') this.sent('sessions.subscribe', {})
      else this.sent('sessions.messages.subscribe', { key: name })
    }
  }

  /** Any request that succeeded: one that subscribes is kept. */
  sent(method: string, params: Fields): void {
    const key = textOf(params['key']) ?? ''
    if (method === 'sessions.subscribe') this.#asked.set('sessions', { method, params })
    else if (method === 'sessions.unsubscribe') this.#asked.delete('sessions')
    else if (method === 'sessions.messages.subscribe') this.#asked.set(`messages ${key}`, { method, params })
    else if (method === 'sessions.messages.unsubscribe') this.#asked.delete(`messages ${key}`)
  }

  /** Whether changes of all sessions are subscribed to. */
  get sessions(): boolean {
    return this.#asked.has('sessions')
  }

  /** Sessions whose messages are subscribed to. */
  get sessionKeys(): readonly string[] {
    return [...this.#asked.values()].flatMap(({ params }) => {
      const key = textOf(params['key'])
      return key === null ? [] : [key]
    })
  }

  /** Asks for all of them on a new connection. */
  async restore(ask: Ask): Promise<void> {
    await Promise.all([...this.#asked.values()].map(({ method, params }) => ask(method, params)))
  }
}
