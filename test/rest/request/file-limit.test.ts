import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { TransportError } from '../../../src/index.js'
import { writeTemporary } from '../../support/temporary-file.js'
import { directTransport, rejection } from '../support/fetches.js'

const LIMIT = 1_000
const small = 'x'.repeat(LIMIT)
const large = 'x'.repeat(LIMIT + 1)

/** Requests that began, bytes of their bodies, and requests that were complete. */
const seen = { begun: 0, bytes: 0, complete: 0 }
beforeEach(() => Object.assign(seen, { begun: 0, bytes: 0, complete: 0 }))

const server = createServer((request, response) => {
  seen.begun += 1
  request.on('data', (chunk: Buffer) => (seen.bytes += chunk.byteLength))
  // It breaks off where the limit ends it.
  request.on('error', () => undefined)
  request.on('end', () => {
    seen.complete += 1
    response.end('{}')
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => new Promise((resolve) => server.close(resolve)))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

/** Fetches that repeat, and fetches that do not. */
const FETCHES = [
  ['with delivery', directTransport({ maxFileBytes: LIMIT, delivery: true })],
  ['without delivery', directTransport({ maxFileBytes: LIMIT })],
] as const

function formWith(...files: readonly string[]): FormData {
  const form = new FormData()
  form.set('payload_json', JSON.stringify({ content: large + large }))
  for (const [index, content] of files.entries())
    form.set(`files[${index}]`, new File([content], `f${index}.txt`))
  return form
}

async function* chunks(...parts: readonly string[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    yield Buffer.from(part)
    await new Promise(setImmediate)
  }
}

describe.each(FETCHES)('maxFileBytes %s', (_name, transport) => {
  const send = (body: unknown): Promise<Response> =>
    transport.fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)

  async function refused(body: unknown): Promise<TransportError> {
    const error = await rejection(send(body))
    if (!(error instanceof TransportError)) throw new Error(`Expected a TransportError, got ${String(error)}`)
    expect(error).toMatchObject({ code: 'ERR_UPLOAD_TOO_LARGE', phase: 'exchange', retryable: false })
    return error
  }

  test.each([
    ['a Blob', () => new Blob([large])],
    ['the second file of a form', () => formWith(small, large)],
    ['bytes', () => Buffer.from(large)],
    ['an ArrayBuffer', () => new Uint8Array(LIMIT + 1).buffer],
    ['a stream of a file', async () => createReadStream(await writeTemporary('large', large))],
  ])('refuses %s before a byte is sent', async (_what, body) => {
    const error = await refused(await body())
    expect(error.sent).toBe('no')
    expect(error.message).toMatch(/has 1001 bytes, more than maxFileBytes allows \(1000\)$/)
    expect(error.hint).toContain('maxFileBytes')
    expect(seen.begun).toBe(0)
  })

  test('closes the file of a stream that it refuses', async () => {
    const stream = createReadStream(await writeTemporary('large', large))
    await refused(stream)
    expect(stream.destroyed).toBe(true)
  })

  test('names the file', async () => {
    expect((await refused(formWith(small, large))).message).toContain('The file f1.txt has')
  })

  test.each([
    ['an async iterable', () => chunks(small, 'x', 'never')],
    ['a Node stream', () => Readable.from(chunks(small, 'x', 'never'))],
    ['a web stream', () => ReadableStream.from(chunks(small, 'x', 'never'))],
  ])('ends %s of unknown length at the limit', async (_what, body) => {
    const error = await refused(body())
    expect(error).toMatchObject({
      sent: 'maybe',
      message: 'The stream has more bytes than maxFileBytes allows (1000)',
    })
    expect(seen.complete).toBe(0)
    expect(seen.bytes).toBeLessThanOrEqual(LIMIT)
  })

  test('holds for the body of a Request', async () => {
    const error = await rejection(transport.fetch(new Request(url, { method: 'POST', body: large })))
    expect(error).toMatchObject({ code: 'ERR_UPLOAD_TOO_LARGE' })
    expect(seen.begun).toBe(0)
  })

  test.each([
    ['files of that size, and larger texts beside them', () => formWith(small, small)],
    ['a larger text', () => large],
    ['larger parameters', () => new URLSearchParams({ a: large })],
    ['a stream of that size', () => chunks(small)],
  ])('lets pass %s', async (_what, body) => {
    expect((await send(body())).status).toBe(200)
    expect(seen.complete).toBe(1)
  })
})
