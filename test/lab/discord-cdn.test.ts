import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startDiscord, type FakeDiscord } from './discord/index.js'
import { connectLabDirectly } from './discord/loopback.js'
import { LabNames } from './names.js'

let discord: FakeDiscord
let direct: Disposable

beforeEach(async () => {
  const names = new LabNames()
  discord = await startDiscord({ names })
  direct = connectLabDirectly(names, discord.ca)
})

afterEach(async () => {
  direct[Symbol.dispose]()
  await discord.close()
})

it('what is put is served with its length, type and tag', async () => {
  const url = discord.cdn.put('/emojis/1.png', Buffer.from('png'), 'image/png')
  expect(url).toBe('https://cdn.discordapp.com/emojis/1.png')
  const response = await fetch(url)
  expect(await response.text()).toBe('png')
  expect(response.headers.get('content-length')).toBe('3')
  expect(response.headers.get('content-type')).toBe('image/png')
  const etag = response.headers.get('etag')
  expect((await fetch(url, { headers: { 'if-none-match': etag! } })).status).toBe(304)
  const head = await fetch(url, { method: 'HEAD' })
  expect(head.headers.get('content-length')).toBe('3')
  expect(await head.text()).toBe('')
})

it('what was never put is 404', async () => {
  expect((await fetch('https://cdn.discordapp.com/none')).status).toBe(404)
})

it.each([
  ['bytes=0-3', 206, 'bytes 0-3/10', '0123'],
  ['bytes=7-', 206, 'bytes 7-9/10', '789'],
  ['bytes=-2', 206, 'bytes 8-9/10', '89'],
  ['bytes=8-99', 206, 'bytes 8-9/10', '89'],
  ['bytes=10-', 416, 'bytes */10', ''],
])('a range of %s is answered with %i', async (range, status, contentRange, text) => {
  const url = discord.cdn.put('/digits', '0123456789')
  const response = await fetch(url, { headers: { range } })
  expect(response.status).toBe(status)
  expect(response.headers.get('content-range')).toBe(contentRange)
  expect(await response.text()).toBe(text)
})

it('generated content is the same from any offset, whole or in ranges', async () => {
  const { url, content } = discord.cdn.putGenerated('/generated', { size: 3_000_001 })
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer())
  expect(whole).toHaveLength(3_000_001)
  expect(createHash('sha256').update(whole).digest('hex')).toBe(content.sha256)
  const tail = await fetch(url, { headers: { range: 'bytes=1000000-' } })
  expect(Buffer.from(await tail.arrayBuffer()).equals(whole.subarray(1_000_000))).toBe(true)
})

it('a download that stops in the middle can be continued where it stopped', async () => {
  const { url, content } = discord.cdn.putGenerated('/large', { size: 400_000 })
  discord.cdn.respondOnce('GET /large', { apply: true, cut: { afterBytes: 150_000 } })
  const received: Uint8Array[] = []
  const response = await fetch(url)
  const read = async (): Promise<void> => {
    const body: AsyncIterable<Uint8Array> = response.body!
    for await (const chunk of body) received.push(chunk)
  }
  await expect(read()).rejects.toThrow()
  const got = Buffer.concat(received)
  expect(got.length).toBeLessThanOrEqual(150_000)
  const rest = await fetch(url, { headers: { range: `bytes=${got.length}-` } })
  const all = Buffer.concat([got, Buffer.from(await rest.arrayBuffer())])
  expect(createHash('sha256').update(all).digest('hex')).toBe(content.sha256)
})

it('500 MiB pass through without being held', async () => {
  const size = 500 * 1024 * 1024
  const { url } = discord.cdn.putGenerated('/huge', { size })
  const before = process.memoryUsage().rss
  let received = 0
  const body: AsyncIterable<Uint8Array> = (await fetch(url)).body!
  for await (const chunk of body) received += chunk.length
  expect(received).toBe(size)
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
})
