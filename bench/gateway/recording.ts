import { createEncoder, type Compression } from '../../test/lab/discord/gateway-compression.js'

/** What a gateway sends on one connection, as WebSocket messages: hello, READY, then the dispatches. */
export interface Recording {
  readonly hello: Buffer | string
  readonly ready: Buffer | string
  readonly dispatches: readonly (Buffer | string)[]
}

const WORDS =
  'the bot of a guild said that nobody had read what somebody else wrote about it yesterday'.split(' ')

/** A message as a busy guild sends them: 700 to 1 300 bytes, no two alike. */
function message(number: number): object {
  const id = String(1_300_000_000_000_000_000n + BigInt(number) * 4_194_304n)
  const text = Array.from(
    { length: 4 + (number % 17) },
    (_, index) => WORDS[(number * 7 + index * 3) % WORDS.length],
  )
  const author = String(200_000_000_000_000_000n + BigInt(number % 997) * 31_337n)
  return {
    type: 0,
    tts: false,
    timestamp: new Date(1_763_700_000_000 + number * 37).toISOString(),
    pinned: false,
    nonce: id,
    mentions: [],
    mention_roles: [],
    mention_everyone: false,
    member: {
      roles: [`9${author.slice(1)}`, `8${author.slice(1)}`],
      premium_since: null,
      pending: false,
      nick: null,
      mute: false,
      joined_at: '2024-01-01T00:00:00.000000+00:00',
      flags: 0,
      deaf: false,
      communication_disabled_until: null,
      avatar: null,
    },
    id,
    flags: 0,
    embeds: [],
    edited_timestamp: null,
    content: text.join(' '),
    components: [],
    channel_id: String(700_000_000_000_000_000n + BigInt(number % 53)),
    author: {
      username: `user-${number % 997}`,
      public_flags: 0,
      id: author,
      global_name: `User ${number % 997}`,
      discriminator: '0',
      avatar: 'a_0123456789abcdef0123456789abcdef',
    },
    attachments: [],
    guild_id: '600000000000000000',
  }
}

export const HEARTBEAT_MS = 41_250

function payloads(count: number, resumeUrl: string): string[] {
  const hello = { t: null, s: null, op: 10, d: { heartbeat_interval: HEARTBEAT_MS, _trace: [] } }
  const ready = {
    t: 'READY',
    s: 1,
    op: 0,
    d: {
      v: 10,
      user: { id: '1', username: 'bench', discriminator: '0', avatar: null, bot: true },
      guilds: [],
      session_id: '0123456789abcdef0123456789abcdef',
      resume_gateway_url: resumeUrl,
      shard: [0, 1],
      application: { id: '1', flags: 0 },
    },
  }
  const dispatches = Array.from({ length: count }, (_, index) => ({
    t: 'MESSAGE_CREATE',
    s: index + 2,
    op: 0,
    d: message(index),
  }))
  return [hello, ready, ...dispatches].map((payload) => JSON.stringify(payload))
}

/** The same for every client: compressed once, ahead of time. */
export function record(compression: Compression, count: number, resumeUrl: string): Promise<Recording> {
  const encoder = createEncoder(compression)
  if (encoder === undefined) throw new Error(`${compression} is not supported by this version of Node`)
  const messages: (Buffer | string)[] = []
  for (const payload of payloads(count, resumeUrl)) {
    encoder.encode(payload, (data) => messages.push(typeof data === 'string' ? data : Buffer.from(data)))
  }
  return new Promise((resolve) =>
    encoder.flush(() => {
      encoder.close()
      const [hello = '', ready = '', ...dispatches] = messages
      resolve({ hello, ready, dispatches })
    }),
  )
}
