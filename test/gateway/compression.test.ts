import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import {
  bestCompression,
  createDecompressor,
  isSupported,
  type GatewayCompression,
} from '../../src/gateway/compression/compression.js'
import { createEncoder } from '../lab/discord/gateway-compression.js'
import { createRandom } from './seeded-random.js'
import { GatewayLab, next, recordDispatches } from './gateway-lab.js'

const KINDS = (['zlib-stream', 'zstd-stream'] as const).filter(isSupported)
const LIMIT = 1024 * 1024

/** The messages of one connection, each the end of a payload. */
function compress(kind: Exclude<GatewayCompression, 'none'>, payloads: readonly string[]): Promise<Buffer[]> {
  const encoder = createEncoder(kind)!
  const messages: Buffer[] = []
  for (const payload of payloads) encoder.encode(payload, (message) => messages.push(Buffer.from(message)))
  return new Promise((resolve) =>
    encoder.flush(() => {
      encoder.close()
      resolve(messages)
    }),
  )
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const TEXTS = [
  'hello',
  'hello hello hello',
  'ünïcode 🎉',
  randomBytes(60_000).toString('base64'),
  'x'.repeat(500_000),
  ...Array.from({ length: 100 }, (_, number) => JSON.stringify({ t: 'LAB', number, text: 'compressible ' })),
]

describe.each(KINDS)('%s', (kind) => {
  it('gives back each payload, out of one context', async () => {
    const decompressor = createDecompressor(kind, LIMIT)!
    const messages = await compress(kind, TEXTS)
    expect(messages.map((message) => decompressor.decompress(message))).toEqual(TEXTS)
    decompressor.close()
  })

  it('throws for what is no stream, and for a payload that inflates beyond the limit', async () => {
    const garbage = createDecompressor(kind, LIMIT)!
    expect(() => garbage.decompress(Buffer.from('\x01garbage, of no format\0\0\xff\xff', 'latin1'))).toThrow()
    garbage.close()
    const small = createDecompressor(kind, 100_000)!
    const [bomb] = await compress(kind, ['x'.repeat(500_000)])
    expect(() => small.decompress(bomb!)).toThrow(RangeError)
    small.close()
  })
})

it('zlib-stream may rest after any payload, with a window of any size', async () => {
  const random = createRandom(7)
  const texts = Array.from({ length: 300 }, (_, number) => {
    const words = Array.from({ length: random.between(1, 40) }, () => random.between(0, 99).toString(36))
    return number % 50 === 49 ? words.join('-').repeat(700) : `${number} ${words.join(' ')}`
  })
  const messages = await compress('zlib-stream', texts)
  for (const often of [1, 0.3, 0.02]) {
    const decompressor = createDecompressor('zlib-stream', LIMIT)!
    for (const [index, message] of messages.entries()) {
      expect(decompressor.decompress(message)).toBe(texts[index])
      if (random.next() < often) decompressor.rest()
    }
    decompressor.close()
  }
})

describe('a zlib-stream whose shard is quiet', () => {
  const STREAMS = 100
  /** More than the messages between two heartbeats that a quiet stream may get. */
  const BUSY = 20

  /** Kibibytes outside the heap for each stream: zlib's contexts, and buffers. */
  async function perStream(since: number): Promise<number> {
    return ((await outside()) - since) / 1024 / STREAMS
  }

  /** A context is closed one turn after its stream. */
  async function outside(): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    return process.memoryUsage().external
  }

  async function busyStreams() {
    const payloads = Array.from({ length: BUSY + 10 }, () => randomBytes(1_500).toString('base64'))
    const messages = await compress('zlib-stream', payloads)
    const since = await outside()
    const streams = Array.from({ length: STREAMS }, () => createDecompressor('zlib-stream', LIMIT)!)
    for (const stream of streams) for (const message of messages.slice(0, BUSY)) stream.decompress(message)
    return { payloads, messages, streams, since }
  }

  it('keeps its window alone, until it is busy again', async () => {
    const { payloads, messages, streams, since } = await busyStreams()
    for (const stream of streams) stream.rest()
    const busy = await perStream(since)
    for (const stream of streams) stream.rest()
    const quiet = await perStream(since)
    expect(busy).toBeGreaterThan(60)
    expect(quiet).toBeLessThan(34)
    expect(streams.map((stream) => stream.decompress(messages[BUSY]!))).toEqual(
      streams.map(() => payloads[BUSY]),
    )
    for (const stream of streams) stream.close()
  })
})

it('zlib-stream may spread a payload over several messages', async () => {
  const decompressor = createDecompressor('zlib-stream', LIMIT)!
  const [message] = await compress('zlib-stream', ['one payload in three messages'])
  expect(decompressor.decompress(message!.subarray(0, 5))).toBeUndefined()
  expect(decompressor.decompress(message!.subarray(5, 9))).toBeUndefined()
  expect(decompressor.decompress(message!.subarray(9))).toBe('one payload in three messages')
  decompressor.close()
})

it('zlib-stream limits each payload by maxPayload, not all that came in several messages together', async () => {
  const decompressor = createDecompressor('zlib-stream', 500)!
  const payloads = Array.from({ length: 10 }, () => randomBytes(100).toString('hex'))
  for (const [index, message] of (await compress('zlib-stream', payloads)).entries()) {
    expect(decompressor.decompress(message.subarray(0, 50))).toBeUndefined()
    expect(decompressor.decompress(message.subarray(50))).toBe(payloads[index])
  }
  decompressor.close()
})

it('zlib-stream refuses a payload that grows beyond maxPayload before its last message', () => {
  const decompressor = createDecompressor('zlib-stream', 1_000)!
  const part = Buffer.alloc(400, 1)
  expect(decompressor.decompress(part)).toBeUndefined()
  expect(decompressor.decompress(part)).toBeUndefined()
  expect(() => decompressor.decompress(part)).toThrow(RangeError)
  decompressor.close()
})

it('the best that this Node can do is the default', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const hasZstd = major > 23 || (major === 22 && minor >= 15) || (major === 23 && minor >= 8)
  expect(bestCompression(16)).toBe(hasZstd ? 'zstd-stream' : 'zlib-stream')
  expect(bestCompression(17)).toBe('zlib-stream')
})

describe.each(KINDS)('a gateway with %s', (compression) => {
  let lab: GatewayLab

  afterEach(() => lab.close())

  it('dispatches what was sent', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected({ compression })
    expect(lab.discord.gateway.connections[0]?.compression).toBe(compression)
    const dispatches = recordDispatches(gateway)
    for (const text of TEXTS) lab.discord.gateway.dispatch('LAB', text)
    await dispatches.waitFor(({ d }) => d === TEXTS.at(-1))
    expect(dispatches.all.filter(({ t }) => t === 'LAB').map(({ d }) => d)).toEqual(TEXTS)
  })

  it.each([
    ['damaged', Buffer.from('\x01garbage, of no format\0\0\xff\xff', 'latin1')],
    ['of another kind', 'no compressed payload, but text'],
  ])('resumes when its stream is %s', async (_, message) => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected({ compression })
    const dispatches = recordDispatches(gateway)
    const reconnecting = next(gateway, 'reconnecting')
    lab.discord.gateway.connections[0]!.sendRaw(message)
    lab.discord.gateway.dispatch('LAB', 1)
    expect(await reconnecting).toMatchObject({ error: { code: 'ERR_GATEWAY_PAYLOAD' }, resume: true })
    await dispatches.waitFor(({ t }) => t === 'LAB')
    expect(lab.discord.gateway.identifies).toHaveLength(1)
  })
})
