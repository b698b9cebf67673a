import { appendFileSync, createReadStream, openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { bothFetches, directTransport, rejection } from '../support/fetches.js'
import { startOrigin } from '../support/origin.js'

const origin = await startOrigin((_request, response) => response.end())
const folder = await mkdtemp(join(tmpdir(), 'discord-transport-'))
const file = join(folder, 'file.bin')
const content = Buffer.alloc(700_001, 'file ')
await writeFile(file, content)
afterAll(async () => {
  await origin.close()
  await rm(folder, { recursive: true })
})
const last = () => origin.requests.at(-1)!

function streamOf(...chunks: unknown[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk as Uint8Array)
      controller.close()
    },
  })
}

describe.each(bothFetches())('the body that $name sends', ({ fetch }) => {
  const post = (body: unknown, init: object = {}) =>
    fetch(origin.url, { method: 'POST', body: body as string, ...init })

  it.each([
    ['a string', () => 'h\u00e9llo \u2713', 'h\u00e9llo \u2713', 'text/plain;charset=UTF-8'],
    ['a lone surrogate', () => 'a\ud800b', 'a\ufffdb', 'text/plain;charset=UTF-8'],
    ['an empty string', () => '', '', 'text/plain;charset=UTF-8'],
    [
      'URLSearchParams',
      () => new URLSearchParams({ a: '1 2', '\u00e9': '&' }),
      'a=1+2&%C3%A9=%26',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['a Buffer', () => Buffer.from('buffer'), 'buffer', undefined],
    ['an ArrayBuffer', () => new TextEncoder().encode('bytes').buffer, 'bytes', undefined],
    ['a part of a typed array', () => new TextEncoder().encode('xbytesx').subarray(1, 6), 'bytes', undefined],
    ['a DataView', () => new DataView(new TextEncoder().encode('view').buffer, 1), 'iew', undefined],
    ['a Uint16Array', () => new Uint16Array([0x4141, 0x4242]), 'AABB', undefined],
    ['a Blob', () => new Blob(['bl', 'ob']), 'blob', undefined],
    ['a Blob with a type', () => new Blob(['blob'], { type: 'text/x' }), 'blob', 'text/x'],
    ['an empty Blob', () => new Blob([]), '', undefined],
    ['a File', () => new File(['file'], 'name', { type: 'a/b' }), 'file', 'a/b'],
    ['an object', () => ({ a: 1 }), '[object Object]', 'text/plain;charset=UTF-8'],
    ['a number', () => 5, '5', 'text/plain;charset=UTF-8'],
  ])('from %s has its bytes, its length and its type', async (_kind, body, text, type) => {
    await post(body())
    expect(last().body.toString()).toBe(text)
    expect(last().headers['content-length']).toBe(String(Buffer.byteLength(text)))
    expect(last().headers['transfer-encoding']).toBeUndefined()
    expect(last().headers['content-type']).toBe(type)
  })

  it.each([
    ['a ReadableStream', () => streamOf(Buffer.from('one '), Buffer.from('two'))],
    ['a Node stream', () => Readable.from([Buffer.from('one '), Buffer.from('two')])],
    [
      'an async generator',
      () =>
        (async function* () {
          yield Buffer.from('one ')
          await Promise.resolve()
          yield Buffer.from('two')
        })(),
    ],
  ])('from %s is chunked', async (_kind, body) => {
    await post(body(), { duplex: 'half' })
    expect(last().body.toString()).toBe('one two')
    expect(last().headers['transfer-encoding']).toBe('chunked')
    expect(last().headers['content-type']).toBeUndefined()
  })

  it('from a stream has the length that the caller knows', async () => {
    await post(streamOf(Buffer.from('seven b')), { duplex: 'half', headers: { 'content-length': '7' } })
    expect(last().headers).toMatchObject({ 'content-length': '7' })
    expect(last().headers['transfer-encoding']).toBeUndefined()
  })

  it('is not sent with the wrong length', async () => {
    for (const length of ['6', '8']) {
      const init = { duplex: 'half', headers: { 'content-length': length } }
      expect(await rejection(post(streamOf(Buffer.from('seven b')), init))).toBeInstanceOf(TypeError)
    }
  })

  it('keeps the Content-Type of the caller', async () => {
    await post('{}', { headers: { 'Content-Type': 'application/json' } })
    expect(last().headers['content-type']).toBe('application/json')
  })

  it('goes out with DELETE too', async () => {
    await fetch(origin.url, { method: 'DELETE', body: '{"reason":1}' })
    expect(last()).toMatchObject({ method: 'DELETE', body: Buffer.from('{"reason":1}') })
  })

  it('is what a buffer held when fetch was called', async () => {
    const bytes = Buffer.from('before')
    const pending = post(bytes)
    bytes.fill('x')
    await pending
    expect(last().body.toString()).toBe('before')
  })

  it('from a large buffer and from a file is complete', async () => {
    await post(content)
    expect(last().body.equals(content)).toBe(true)
    expect(last().headers['content-length']).toBe(String(content.byteLength))
    await post(await openAsBlob(file))
    expect(last().body.equals(content)).toBe(true)
    expect(last().headers['content-length']).toBe(String(content.byteLength))
  })

  it('cannot be a stream that is locked or was read', async () => {
    const locked = streamOf(Buffer.from('x'))
    locked.getReader()
    const read = streamOf(Buffer.from('x'), Buffer.from('y'))
    const reader = read.getReader()
    await reader.read()
    reader.releaseLock()
    const node = Readable.from([Buffer.from('x')])
    for await (const chunk of node) expect(chunk).toEqual(Buffer.from('x'))
    for (const body of [locked, read, node])
      expect(await rejection(post(body, { duplex: 'half' }))).toBeInstanceOf(TypeError)
  })

  it('fails with the stream that it comes from', async () => {
    const cause = new Error('the disk is gone')
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('begun')),
      pull: (controller) => controller.error(cause),
    })
    expect(await rejection(post(body, { duplex: 'half' }))).toMatchObject({ name: 'TypeError', cause })
  })

  it('is bytes and nothing else', async () => {
    expect(await rejection(post(streamOf(5), { duplex: 'half' }))).toBeInstanceOf(TypeError)
  })

  it('cannot be a stream with keepalive', async () => {
    const init = { duplex: 'half', keepalive: true }
    expect(await rejection(post(streamOf(Buffer.from('x')), init))).toBeInstanceOf(TypeError)
  })
})

describe('the body that transport.fetch sends', () => {
  const transport = directTransport()
  const post = (body: unknown) => transport.fetch(origin.url, { method: 'POST', body: body as string })

  it('from fs.createReadStream has its length', async () => {
    await post(createReadStream(file))
    expect(last().body.equals(content)).toBe(true)
    expect(last().headers['content-length']).toBe(String(content.byteLength))
    await post(createReadStream(file, { start: 5, end: 14 }))
    expect(last().body.toString()).toBe('file file ')
    expect(last().headers['content-length']).toBe('10')
  })

  it('from a file that grows meanwhile is the file as long as it was', async () => {
    const log = join(folder, 'log.txt')
    await writeFile(log, 'first line\n')
    const pending = post(createReadStream(log))
    appendFileSync(log, 'second line\n')
    expect((await pending).status).toBe(200)
    expect(last().body.toString()).toBe('first line\n')
  })

  it('may be a stream without duplex, which callers of other clients never say', async () => {
    await post(streamOf(Buffer.from('no duplex')))
    expect(last().body.toString()).toBe('no duplex')
  })

  it('may be the Blob of a package', async () => {
    const blob = {
      size: 7,
      type: 'a/b',
      stream: async function* () {
        await Promise.resolve()
        yield Buffer.from('foreign')
      },
      [Symbol.toStringTag]: 'Blob',
    }
    await post(blob)
    expect(last().body.toString()).toBe('foreign')
    expect(last().headers).toMatchObject({ 'content-type': 'a/b', 'content-length': '7' })
  })

  it('says what is wrong with a file that is not there', async () => {
    const error = await rejection(post(createReadStream(join(folder, 'missing'))))
    expect(error).toMatchObject({ name: 'TypeError', cause: { code: 'ENOENT' } })
  })
})
