import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import * as zlib from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { bothFetches, directTransport, rejection } from '../support/fetches.js'
import { startOrigin } from '../support/origin.js'

const small = Buffer.from(JSON.stringify({ content: 'h\u00e9llo '.repeat(50) }))
/** Too large to be decoded at once, and hardly compressible. */
const large = Buffer.from(randomBytes(300_000).toString('base64'))
/** Small on the wire and large behind it. */
const bomb = Buffer.alloc(20 * 1024 * 1024, 'a')

const sets = { small, large, bomb }
const encode: Record<string, (bytes: Buffer) => Buffer | undefined> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  'deflate raw': (bytes) => zlib.deflateRawSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }),
  identity: (bytes) => bytes,
}

const damage: Record<string, (bytes: Buffer) => Buffer> = {
  whole: (bytes) => bytes,
  garbage: () => Buffer.from('this is no archive at all'),
  truncated: (bytes) => bytes.subarray(0, Math.floor(bytes.byteLength / 2)),
  flipped: (bytes) => {
    const copy = Buffer.from(bytes)
    copy[copy.byteLength - 6]! ^= 1
    return copy
  },
}

/** /CODINGS/SET/DAMAGE/PIECES, each coding `a,b` applied in that order. */
const origin = await startOrigin(({ url }, response) => {
  const [, codings = '', set = '', harm = 'whole', pieces] = decodeURIComponent(url).split('/')
  const names = codings.split(',')
  const plain = sets[set as keyof typeof sets]
  const coded = names.reduce<Buffer>((bytes, name) => encode[name.toLowerCase()]?.(bytes) ?? bytes, plain)
  const body = damage[harm]!(coded)
  response.setHeader('content-encoding', names.join(', ').replace(' raw', ''))
  if (pieces === undefined) {
    response.end(body)
    return
  }
  const middle = Math.floor(body.byteLength / 2)
  response.write(body.subarray(0, middle))
  setImmediate(() => response.end(body.subarray(middle)))
})
afterAll(() => origin.close())

describe.each(bothFetches())('$name', ({ fetch }) => {
  const get = (path: string, init?: RequestInit) => fetch(`${origin.url}/${path}`, init)

  describe.each(['gzip', 'x-gzip', 'GZip', 'deflate', 'deflate raw', 'br', 'gzip,br', 'br,deflate,gzip'])(
    'decodes %s',
    (codings) => {
      it.each(['small', 'large'] as const)('of a %s body', async (set) => {
        const response = await get(`${codings}/${set}`)
        expect(response.headers.get('content-encoding')).toBe(
          codings.replaceAll(',', ', ').replace(' raw', ''),
        )
        expect(await response.text()).toBe(sets[set].toString())
      })

      it.each(['small', 'large'] as const)('of a %s body that comes in pieces', async (set) => {
        expect(await (await get(`${codings}/${set}/whole/pieces`)).text()).toBe(sets[set].toString())
      })

      it('of a stream and of a clone', async () => {
        const response = await get(`${codings}/small`)
        const clone = response.clone()
        const chunks: Uint8Array[] = []
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk)
        expect(Buffer.concat(chunks)).toEqual(small)
        expect(await clone.json()).toEqual(JSON.parse(small.toString()))
      })
    },
  )

  it('decodes what grows far beyond its size', async () => {
    expect((await (await get('gzip/bomb')).arrayBuffer()).byteLength).toBe(bomb.byteLength)
  })

  it.each(['identity', 'unknown', 'gzip,unknown', ''])('leaves %j as it is', async (codings) => {
    const response = await get(`${codings}/small`)
    const coded = codings.startsWith('gzip') ? zlib.gzipSync(small) : small
    expect(Buffer.from(await response.arrayBuffer())).toEqual(coded)
  })

  it('leaves the answer to HEAD and a 204 alone', async () => {
    const head = await get('gzip/small', { method: 'HEAD' })
    expect(head.headers.get('content-encoding')).toBe('gzip')
    expect(await head.text()).toBe('')
  })

  it('takes an empty body for empty, whatever its coding', async () => {
    const empty = await startOrigin((_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end()
    })
    expect(await (await fetch(empty.url)).text()).toBe('')
    await empty.close()
  })

  it('reads the header wherever it is in several lines', async () => {
    const coded = zlib.brotliCompressSync(zlib.gzipSync(small))
    const server = await startOrigin((_request, response) => {
      response.setHeader('content-encoding', ['gzip', 'br'])
      response.end(coded)
    })
    expect(await (await fetch(server.url)).text()).toBe(small.toString())
    await server.close()
  })

  it('refuses more than five codings', async () => {
    const error = await rejection(get('gzip,gzip,gzip,gzip,gzip,gzip/small'))
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
  })

  it.each(['gzip', 'deflate', 'br', 'gzip,br'])(
    'fails while it reads %s that is garbage',
    async (codings) => {
      for (const pieces of ['', '/pieces']) {
        const response = await get(`${codings}/small/garbage${pieces}`)
        expect(response.status).toBe(200)
        expect(await rejection(response.text())).toMatchObject({ name: 'TypeError', message: 'terminated' })
      }
    },
  )

  it('fails where the checksum is wrong', async () => {
    const response = await get('gzip/small/flipped')
    expect(await rejection(response.text())).toMatchObject({ message: 'terminated' })
  })

  it('passes on what a server flushes, before the stream ends', async () => {
    const gzip = zlib.createGzip()
    const live = await startOrigin((_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      gzip.pipe(response)
      gzip.write('first')
      gzip.flush()
    })
    const reader = (await fetch(live.url)).body!.getReader()
    expect(Buffer.from((await reader.read()).value).toString()).toBe('first')
    gzip.end('second')
    expect(Buffer.from((await reader.read()).value).toString()).toBe('second')
    expect((await reader.read()).done).toBe(true)
    await live.close()
  })
})

describe('transport.fetch', () => {
  const transport = directTransport()

  it.each(['gzip', 'deflate', 'deflate raw', 'br', 'gzip,br'])(
    'does not take half of %s for the whole, as Node does',
    async (codings) => {
      for (const set of ['small', 'large']) {
        const response = await transport.fetch(`${origin.url}/${codings}/${set}/truncated`)
        expect(await rejection(response.text())).toMatchObject({ name: 'TypeError', message: 'terminated' })
      }
    },
  )

  const zstdCompress: unknown = Reflect.get(zlib, 'zstdCompressSync')
  const canZstd = typeof zstdCompress === 'function'
  it(canZstd ? 'decodes zstd' : 'hands on zstd as it came: this Node cannot decode it', async () => {
    for (const plain of [small, large]) {
      const coded = canZstd ? (zstdCompress as (bytes: Buffer) => Buffer)(plain) : plain
      const server = await startOrigin((_request, response) => {
        response.setHeader('content-encoding', 'zstd')
        response.end(coded)
      })
      expect(await (await transport.fetch(server.url)).text()).toBe(plain.toString())
      await server.close()
    }
  })

  const garbage = Buffer.alloc(400_000, 0xff)
  it.each([
    ['at once', 'gzip', 'this is no archive at all'],
    ['far ahead of its end', 'gzip', Buffer.concat([zlib.gzipSync(large).subarray(0, 1_000), garbage])],
    [
      'behind another decoder',
      'gzip, deflate',
      Buffer.concat([zlib.deflateSync(zlib.gzipSync(large)).subarray(0, 1_000), garbage]),
    ],
  ])('ends the transfer when the decoder fails %s', async (_where, codings, bytes) => {
    let closed: Promise<unknown> | undefined
    const server = await startOrigin((_request, response) => {
      response.setHeader('content-encoding', codings)
      closed = once(response, 'close')
      // It is never ended.
      response.write(bytes)
    })
    const response = await transport.fetch(server.url)
    expect(await rejection(response.text())).toMatchObject({
      name: 'TypeError',
      message: 'terminated',
      cause: { code: expect.stringMatching(/^Z_/) as string },
    })
    await closed
    await server.close()
  })
})
