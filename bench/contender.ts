/** Where a contender sends, and through what. */
export interface Destination {
  /** Discord's own, as a bot has it: what a client does for this name alone is part of the measure. */
  readonly origin: string
  /** Where that name really is, on loopback: for who has no proxy to find it. */
  readonly port: number
  /** `http://127.0.0.1:PORT` or `socks5://127.0.0.1:PORT`. */
  readonly proxy: string
}

/** One client with connections of its own, as a bot would hold it. */
export interface BenchClient {
  /** One Create Message: a small JSON body there, a message's JSON back, parsed. Rejects unless it is a 200. */
  readonly send: () => Promise<void>
  /** One message with a file out of the file system. */
  readonly upload: (path: string) => Promise<void>
  /** Opens what the first send will need, where the contender can. */
  readonly warm?: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Makes clients; what a file of contenders/ exports as its default. */
export type CreateClient = (destination: Destination) => BenchClient | Promise<BenchClient>

/** The path of every send: Create Message, as each bot has it. */
export const MESSAGES_PATH = '/api/v10/channels/1100000000000000001/messages'

/** What a reply of a bot looks like. */
export const PAYLOAD = JSON.stringify({
  content: 'The quick brown fox jumps over the lazy dog, and a bot says so in its channel.',
  message_reference: { message_id: '1100000000000000002' },
})

export const HEADERS: Readonly<Record<string, string>> = {
  authorization: 'Bot bench',
  'content-type': 'application/json',
}

/** Fails for everything that is not the origin's own answer. */
export function check(status: number, message: unknown): void {
  const id = typeof message === 'object' && message !== null && 'id' in message
  if (status !== 200 || !id) throw new Error(`not the origin's answer: status ${status}`)
}
