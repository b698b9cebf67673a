/** Uploads one file and reports how far the memory of this process rose above its start. */
import { openAsBlob } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createDiscordTransport } from '../../src/index.js'
import type { Servers } from './servers.js'

export type Source = 'file' | 'blob' | 'stream' | 'buffer'

export interface Order {
  readonly servers: Servers
  readonly source: Source
  readonly bytes: number
}

export interface Measured {
  readonly startBytes: number
  readonly peakBytes: number
  readonly ms: number
  readonly receivedBytes: number
}

type Body = NonNullable<RequestInit['body']>

process.once('message', (order: Order) => {
  void measure(order).then((measured) => {
    process.send?.(measured)
    process.disconnect()
  })
})

async function measure({ servers, source, bytes }: Order): Promise<Measured> {
  const transport = createDiscordTransport({ proxy: servers.proxy, tls: { ca: servers.ca }, env: {} })
  const path = join(tmpdir(), `discord-transport-upload-${process.pid}`)
  const send = async (body: Body, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', body, headers: { authorization: `Bot ${servers.token}`, ...headers } }
    const response = await transport.fetch(servers.url, init)
    return (await response.json()) as { attachments?: { size: number }[] }
  }
  try {
    // Sparse: as long as it says, and on the disk in no time.
    const file = await open(path, 'w')
    await file.truncate(bytes)
    await file.close()
    const { head, tail } = ENVELOPE
    // What the caller holds himself is not what the upload costs.
    const held = source === 'buffer' ? Buffer.concat([head, Buffer.alloc(bytes, 1), tail]) : undefined
    const blob = source === 'blob' ? new Blob([Buffer.alloc(bytes, 1)]) : undefined
    // What starts once: code is compiled, a tunnel is opened.
    await send(form(new Blob(['a small file'])))
    await settle()

    const startBytes = process.memoryUsage.rss()
    let peakBytes = startBytes
    const sampler = setInterval(() => {
      peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    }, 5)
    const startedAt = performance.now()
    const message = await upload()
    const ms = performance.now() - startedAt
    clearInterval(sampler)
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    return { startBytes, peakBytes, ms, receivedBytes: message.attachments?.[0]?.size ?? -1 }

    async function upload() {
      if (source === 'file') return send(form(await openAsBlob(path)))
      if (blob !== undefined) return send(form(blob))
      const stream = Readable.from(chunks(bytes)) as unknown as Body
      return send(held ?? stream, {
        'content-type': 'multipart/form-data; boundary=upload-memory',
        'content-length': String(head.byteLength + bytes + tail.byteLength),
      })
    }
  } finally {
    await transport.close()
    await rm(path, { force: true })
  }
}

function form(file: Blob): FormData {
  const message = new FormData()
  message.set('payload_json', JSON.stringify({ content: 'a file' }))
  message.set('files[0]', file, 'file.bin')
  return message
}

/** A form around a stream, which no FormData can hold. */
const ENVELOPE = {
  head: Buffer.from(
    '--upload-memory\r\nContent-Disposition: form-data; name="files[0]"; filename="file.bin"\r\n\r\n',
  ),
  tail: Buffer.from('\r\n--upload-memory--\r\n'),
}

async function* chunks(bytes: number): AsyncGenerator<Buffer> {
  yield ENVELOPE.head
  for (let left = bytes; left > 0; left -= 64 * 1024) {
    yield Buffer.alloc(Math.min(left, 64 * 1024))
    await Promise.resolve()
  }
  yield ENVELOPE.tail
}

async function settle(): Promise<void> {
  globalThis.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 200))
  globalThis.gc?.()
}
