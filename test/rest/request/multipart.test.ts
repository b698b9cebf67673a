import busboy from 'busboy'
import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FormData as UndiciFormData } from 'undici'
import { afterAll, describe, expect, it } from 'vitest'
import { bothFetches, directTransport } from '../support/fetches.js'
import { startOrigin, type SeenRequest } from '../support/origin.js'

const origin = await startOrigin((_request, response) => response.end())
const folder = await mkdtemp(join(tmpdir(), 'discord-transport-'))
afterAll(async () => {
  await origin.close()
  await rm(folder, { recursive: true })
})
const last = () => origin.requests.at(-1)!

/** A body with its boundary, which is another one each time, written as `BOUNDARY`. */
function text({ headers, body }: SeenRequest): string {
  const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1] ?? 'none'
  return body.toString().replaceAll(boundary, 'BOUNDARY')
}

interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly type: string
  /** One character for each byte: comparing Buffers of some size takes seconds. */
  readonly content: string
}

const bytes = (buffer: Buffer) => buffer.toString('latin1')

/** Parsed by another implementation. */
function parse({ headers, body }: SeenRequest): Promise<Part[]> {
  return new Promise((resolve, reject) => {
    const parts: Part[] = []
    const parser = busboy({ headers, defParamCharset: 'utf8', preservePath: true })
    parser.on('field', (name, value, { mimeType }) =>
      parts.push({
        name,
        filename: undefined,
        type: mimeType,
        content: Buffer.from(value).toString('latin1'),
      }),
    )
    parser.on('file', (name, file, { filename, mimeType }) => {
      const chunks: Buffer[] = []
      file.on('data', (chunk: Buffer) => chunks.push(chunk))
      file.on('end', () =>
        parts.push({ name, filename, type: mimeType, content: Buffer.concat(chunks).toString('latin1') }),
      )
    })
    parser.on('error', reject)
    parser.on('close', () => resolve(parts))
    parser.end(body)
  })
}

describe.each(bothFetches())('a form by $name', ({ fetch }) => {
  const send = async (form: FormData) => {
    await fetch(origin.url, { method: 'POST', body: form })
    return last()
  }

  it('is written as the HTML standard has it', async () => {
    const form = new FormData()
    form.append('field', 'value')
    form.append('line\nbreaks\r\nand "quotes"', 'one\ntwo\rthree\r\nfour')
    form.append('file', new File(['content\n'], 'n\u00e4me "x"\n.txt', { type: 'text/plain' }))
    form.append('blob', new Blob(['blob']))
    const request = await send(form)
    expect(text(request)).toBe(
      [
        '--BOUNDARY',
        'Content-Disposition: form-data; name="field"',
        '',
        'value',
        '--BOUNDARY',
        'Content-Disposition: form-data; name="line%0D%0Abreaks%0D%0Aand %22quotes%22"',
        '',
        'one\r\ntwo\r\nthree\r\nfour',
        '--BOUNDARY',
        'Content-Disposition: form-data; name="file"; filename="n\u00e4me %22x%22%0A.txt"',
        'Content-Type: text/plain',
        '',
        'content\n',
        '--BOUNDARY',
        'Content-Disposition: form-data; name="blob"; filename="blob"',
        'Content-Type: application/octet-stream',
        '',
        'blob',
        '--BOUNDARY--',
        '',
      ].join('\r\n'),
    )
    expect(request.headers['content-length']).toBe(String(request.body.byteLength))
    expect(request.headers['transfer-encoding']).toBeUndefined()
  })

  it('may be empty', async () => {
    const request = await send(new FormData())
    expect(text(request)).toBe('--BOUNDARY--\r\n')
    expect(request.headers['content-length']).toBe(String(request.body.byteLength))
  })

  it('keeps every byte of its files', async () => {
    const form = new FormData()
    const content = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 7919) % 256))
    form.append('payload_json', JSON.stringify({ content: 'hello' }))
    form.append('files[0]', new File([content], 'image.png', { type: 'image/png' }))
    form.append('files[1]', new File([], 'empty.bin'))
    form.append('files[2]', new File([content.subarray(1)], '\u2713\ud83d\ude00.bin'))
    expect(await parse(await send(form))).toEqual([
      {
        name: 'payload_json',
        filename: undefined,
        type: 'text/plain',
        content: '{"content":"hello"}',
      },
      { name: 'files[0]', filename: 'image.png', type: 'image/png', content: bytes(content) },
      { name: 'files[1]', filename: 'empty.bin', type: 'application/octet-stream', content: '' },
      {
        name: 'files[2]',
        filename: '\u2713\ud83d\ude00.bin',
        type: 'application/octet-stream',
        content: bytes(content.subarray(1)),
      },
    ])
  })

  it('takes a file from the disk', async () => {
    const path = join(folder, 'file.bin')
    const content = Buffer.alloc(600_000, 'on disk ')
    await writeFile(path, content)
    const form = new FormData()
    form.append('files[0]', await openAsBlob(path, { type: 'a/b' }), 'file.bin')
    expect(await parse(await send(form))).toEqual([
      { name: 'files[0]', filename: 'file.bin', type: 'a/b', content: bytes(content) },
    ])
  })

  it('keeps a Content-Type of the caller, wrong as it is', async () => {
    const form = new FormData()
    form.append('a', 'b')
    await fetch(origin.url, { method: 'POST', body: form, headers: { 'content-type': 'application/json' } })
    expect(last().headers['content-type']).toBe('application/json')
  })
})

describe('a form by transport.fetch', () => {
  const transport = directTransport()
  const send = async (form: unknown) => {
    await transport.fetch(origin.url, { method: 'POST', body: form as FormData })
    return last()
  }

  it("may be undici's own, which the global fetch does not know", async () => {
    const form = new UndiciFormData()
    form.append('payload_json', '{}')
    form.append('files[0]', new File(['content'], 'a.txt'), 'b.txt')
    expect(await parse(await send(form))).toEqual([
      { name: 'payload_json', filename: undefined, type: 'text/plain', content: '{}' },
      {
        name: 'files[0]',
        filename: 'b.txt',
        type: 'application/octet-stream',
        content: 'content',
      },
    ])
  })

  it('may come from a package that follows the standard, with Blobs of its own', async () => {
    const content = Buffer.from('foreign')
    const blob = {
      size: content.byteLength,
      type: 'a/b\r\nx: y',
      name: 'foreign.bin',
      stream: async function* () {
        await Promise.resolve()
        yield content.subarray(0, 3)
        yield content.subarray(3)
      },
      [Symbol.toStringTag]: 'File',
    }
    const form = {
      entries: () => [
        ['a', 'b'],
        ['f', blob],
      ],
      [Symbol.toStringTag]: 'FormData',
    }
    expect(await parse(await send(form))).toEqual([
      { name: 'a', filename: undefined, type: 'text/plain', content: 'b' },
      { name: 'f', filename: 'foreign.bin', type: 'application/octet-stream', content: 'foreign' },
    ])
  })

  it("leaves the memory of a File alone whose stream is the caller's own", async () => {
    const content = Buffer.from('kept by the caller')
    class OwnFile extends File {
      override stream() {
        return new Blob([content]).stream()
      }
    }
    const form = new FormData()
    form.append('f', new OwnFile([content], 'own.txt'))
    for (let turn = 0; turn < 2; turn++)
      expect(await parse(await send(form))).toMatchObject([{ content: 'kept by the caller' }])
    expect(content.toString()).toBe('kept by the caller')
  })

  it('of many files of odd sizes keeps every byte, also a second time', async () => {
    const form = new FormData()
    const parts: string[] = []
    for (const size of [1, 65_535, 65_537, 262_143, 262_144, 262_145, 1_000_003]) {
      const content = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31 + size) % 256))
      parts.push(bytes(content))
      form.append('f', new File([content], `${size}.bin`))
      form.append('t', 'x'.repeat(size % 1000))
    }
    for (let turn = 0; turn < 2; turn++) {
      const files = (await parse(await send(form))).filter(({ name }) => name === 'f')
      expect(files.map(({ content }) => content)).toEqual(parts)
    }
  })

  it('has another boundary each time', async () => {
    const form = new FormData()
    form.append('a', 'b')
    const types = [(await send(form)).headers['content-type'], (await send(form)).headers['content-type']]
    expect(new Set(types).size).toBe(2)
  })
})
