import { createRandom } from '../../test/gateway/seeded-random.js'
import { createEncoder, type Compression } from '../../test/lab/discord/gateway-compression.js'

/** What a gateway sends on one connection, as WebSocket messages: hello, READY, then the dispatches. */
export interface Recording {
  readonly hello: Buffer | string
  readonly ready: Buffer | string
  readonly dispatches: readonly (Buffer | string)[]
}

const random = createRandom(20)
const digits = (length: number): string =>
  Array.from({ length }, (_, index) => random.between(index === 0 ? 1 : 0, 9)).join('')
const word = (): string => random.between(36, 36 ** 6).toString(36)

const AUTHORS = Array.from({ length: 2_000 }, () => ({
  username: `${word()}_${word()}`,
  public_flags: 0,
  id: digits(18),
  global_name: word(),
  discriminator: '0',
  avatar: `${digits(16)}${digits(16)}`,
}))

/** A message as a busy guild sends them: 700 to 1 000 bytes, no two alike. */
function message(number: number): object {
  const id = String(
    1_300_000_000_000_000_000n + BigInt(number) * 4_194_304n + BigInt(random.between(0, 4_095)),
  )
  const text = Array.from({ length: random.between(1, 25) }, word)
  const author = random.pick(AUTHORS)
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
      roles: [`9${author.id.slice(1)}`, `8${author.id.slice(1)}`],
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
    author,
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
