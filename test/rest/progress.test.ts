import { createHash } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { createDiscordTransport, type TransportEvent } from '../../src/index.js'
import { startLab } from '../support/lab.js'
import { startOrigin } from './support/origin.js'

const KIB = 1024
const MIB = 1024 * KIB

type ProgressEvent = Extract<TransportEvent, { type: 'upload-progress' | 'download-progress' }>

const isProgress = (event: TransportEvent): event is ProgressEvent =>
  event.type === 'upload-progress' || event.type === 'download-progress'

/** /length/BYTES and /chunked/BYTES answer with this number of bytes, slowly if there is a third part. */
const origin = await startOrigin(({ url, method }, response) => {
  const [, kind, bytes = '0', slow] = new URL(url, 'http://origin').pathname.split('/')
  if (method !== 'GET' || (kind !== 'length' && kind !== 'chunked')) {
    response.end()
    return
  }
  const body = Buffer.alloc(Number(bytes))
  if (kind === 'length') response.setHeader('content-length', body.byteLength)
  else response.setHeader('transfer-encoding', 'chunked')
  if (slow === undefined) {
    response.end(body)
    return
  }
  let offset = 0
  const next = (): void => {
    if (offset >= body.byteLength) {
      response.end()
      return
    }
    response.write(body.subarray(offset, (offset += body.byteLength / 40)))
    setTimeout(next, 10)
  }
  next()
})

const events: ProgressEvent[] = []
const transport = createDiscordTransport({
  proxy: false,
  env: {},
  onEvent: (event) => {
    if (isProgress(event)) events.push(event)
  },
})
afterAll(async () => {
  await transport.close()
  await origin.close()
})

/** Makes a request and gives the events of it. */
async function during(path: string, init?: RequestInit): Promise<readonly ProgressEvent[]> {
  events.length = 0
  await (await transport.fetch(origin.url + path, init)).arrayBuffer()
  return [...events]
}

const post = (body: unknown, path = '/up') => during(path, { method: 'POST', body: body as string })

describe('progress', () => {
  const target = origin.url.replace('http://', '')

  it.each([
    ['a buffer', () => Buffer.alloc(3 * MIB)],
    ['a Blob', () => new Blob([Buffer.alloc(3 * MIB)])],
    ['a long text', () => 'x'.repeat(3 * MIB)],
  ])('of an upload from %s ends with all of it', async (_kind, body) => {
    const seen = await post(body())
    expect(seen.at(-1)).toEqual({
      type: 'upload-progress',
      target,
      method: 'POST',
      path: '/up',
      sentBytes: 3 * MIB,
      totalBytes: 3 * MIB,
    })
    const counts = seen.map((event) => (event.type === 'upload-progress' ? event.sentBytes : -1))
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(counts.filter((count) => count === 3 * MIB)).toHaveLength(1)
  })

  it('of a stream has no total', async () => {
    async function* chunks() {
      for (let i = 0; i < 8; i++) {
        yield Buffer.alloc(16 * KIB)
        await Promise.resolve()
      }
    }
    expect((await post(chunks())).at(-1)).toMatchObject({ sentBytes: 128 * KIB, totalBytes: null })
  })

  it('of a download ends with all of it', async () => {
    expect((await during(`/length/${3 * MIB}?token=SECRET`)).at(-1)).toEqual({
      type: 'download-progress',
      target,
      method: 'GET',
      path: `/length/${3 * MIB}`,
      receivedBytes: 3 * MIB,
      totalBytes: 3 * MIB,
    })
    expect((await during(`/chunked/${MIB}`)).at(-1)).toMatchObject({ receivedBytes: MIB, totalBytes: null })
  })

  it('is reported for 64 KiB and more', async () => {
    expect(await post(Buffer.alloc(64 * KIB - 1))).toEqual([])
    expect(await during(`/length/${64 * KIB - 1}`)).toEqual([])
    expect(await during(`/chunked/${64 * KIB - 1}`)).toEqual([])
    expect(await post(Buffer.alloc(64 * KIB))).toMatchObject([{ sentBytes: 64 * KIB }])
    expect(await during(`/length/${64 * KIB}`)).toMatchObject([{ receivedBytes: 64 * KIB }])
  })

  it('is reported ten times a second at most, and at the end', async () => {
    const startedAt = performance.now()
    const { length } = await during(`/length/${4 * MIB}/slow`)
    const tenths = (performance.now() - startedAt) / 100
    expect(length).toBeGreaterThan(2)
    // One at once, and the one at the end.
    expect(length).toBeLessThanOrEqual(tenths + 2)
  })

  it('shows no token of a webhook or an interaction', async () => {
    const body = Buffer.alloc(64 * KIB)
    for (const [path, shown] of [
      ['/api/v10/webhooks/123/TOKEN', '/api/v10/webhooks/123/***'],
      [
        '/api/v10/webhooks/123/TOKEN/messages/@original?wait=true',
        '/api/v10/webhooks/123/***/messages/@original',
      ],
      ['/api/v10/interactions/123/TOKEN/callback', '/api/v10/interactions/123/***/callback'],
      ['/api/webhooks/123/TOKEN/slack', '/api/webhooks/123/***/slack'],
      ['/api/v10/channels/123/messages', '/api/v10/channels/123/messages'],
      ['/api/v10/channels/123/webhooks', '/api/v10/channels/123/webhooks'],
    ] as const)
      expect(await post(body, path)).toMatchObject([{ path: shown }])
  })

  it('may be listened to by something that throws', async () => {
    const thrown = new Promise<unknown>((resolve) => {
      const others = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      process.once('uncaughtException', (error) => {
        for (const other of others) process.on('uncaughtException', other)
        resolve(error)
      })
    })
    const fragile = createDiscordTransport({
      proxy: false,
      env: {},
      onEvent: (event) => {
        if (isProgress(event)) throw new Error('of the listener')
      },
    })
    const response = await fragile.fetch(`${origin.url}/length/${64 * KIB}`)
    expect((await response.arrayBuffer()).byteLength).toBe(64 * KIB)
    expect(await thrown).toMatchObject({ message: 'of the listener' })
    await fragile.close()
  })
})

describe('through a proxy', () => {
  it('an attachment is reported on its way there and on its way back', async () => {
    const lab = await startLab()
    const bytes = Buffer.alloc(2 * MIB, 'attachment ')
    const form = new FormData()
    form.set('files[0]', new File([bytes], 'a.bin'))
    const url = `https://discord.com/api/v10/channels/${lab.discord.channelId}/messages`
    const response = await lab.transport.fetch(url, { method: 'POST', body: form, headers: lab.headers })
    const message = (await response.json()) as { attachments: { url: string; size: number }[] }
    const attachment = message.attachments[0]!
    const download = await lab.transport.fetch(attachment.url)
    const sha256 = createHash('sha256').update(Buffer.from(await download.arrayBuffer()))
    expect(sha256.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
    const progress = lab.events.filter(isProgress)
    expect(progress.findLast(({ type }) => type === 'upload-progress')).toMatchObject({
      target: 'discord.com:443',
      path: new URL(url).pathname,
    })
    expect(progress.at(-1)).toMatchObject({
      type: 'download-progress',
      target: 'cdn.discordapp.com:443',
      receivedBytes: 2 * MIB,
      totalBytes: 2 * MIB,
    })
  })
})
