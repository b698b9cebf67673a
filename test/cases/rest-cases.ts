import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Case } from './case.js'
import { authorization, messagesUrl, send } from './rest-requests.js'

const MEBIBYTE = 1024 * 1024
const FILE = randomBytes(8 * MEBIBYTE)
const FILE_NAME = 'Größe – 8 MiB (1).bin'
/** More than a proxy's buffers hold, so that reading and writing have to alternate. */
const DOWNLOAD_BYTES = 12 * MEBIBYTE
const CONCURRENT = 50
const MAX_TUNNELS = 8
const SEQUENTIAL = 25

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export const REST_CASES: readonly Case[] = [
  {
    title: 'a JSON message arrives as it was sent, and the answer is a global Response',
    column: 'JSON',
    run: async ({ open, discord }) => {
      const content = `Grüße 👋 ${randomUUID()}`
      const response = await open().fetch(messagesUrl(discord), {
        method: 'POST',
        headers: { ...authorization(discord), 'Content-Type': 'application/json' },
        body: JSON.stringify({ content }),
      })
      expect(response).toBeInstanceOf(Response)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ content })
      const arrived = discord.messages.in(discord.channelId).filter((message) => message.content === content)
      expect(arrived).toHaveLength(1)
    },
  },
  {
    title: 'an attachment of 8 MiB arrives with its exact bytes and its file name',
    column: '8 MiB up',
    run: async ({ open, discord }) => {
      const content = randomUUID()
      const form = new FormData()
      form.set('payload_json', JSON.stringify({ content }))
      form.set('files[0]', new File([FILE], FILE_NAME, { type: 'application/octet-stream' }))
      const message = await send(open(), discord, form)
      expect(message.attachments[0]).toMatchObject({ size: FILE.length })
      const isUpload = ({ files, json }: { files: readonly unknown[]; json: unknown }): boolean =>
        files.length === 1 && JSON.stringify(json).includes(content)
      const request = await discord.rest.waitForRequest(isUpload)
      const [file] = request.files
      expect({ name: file?.filename, size: file?.size, sha256: file?.sha256 }).toEqual({
        name: FILE_NAME,
        size: FILE.length,
        sha256: sha256(FILE),
      })
    },
  },
  {
    title: 'a download of 12 MiB from the CDN has its exact bytes',
    column: '12 MiB down',
    run: async ({ open, discord }) => {
      const path = `/attachments/1/2/${randomUUID()}.bin`
      const { url, content } = discord.cdn.putGenerated(path, { size: DOWNLOAD_BYTES })
      const response = await open().fetch(url)
      const bytes = new Uint8Array(await response.arrayBuffer())
      expect({ size: bytes.length, sha256: sha256(bytes) }).toEqual({
        size: DOWNLOAD_BYTES,
        sha256: content.sha256,
      })
    },
  },
  {
    title: `${CONCURRENT} sends at once all arrive, once each, over no more than ${MAX_TUNNELS} tunnels`,
    column: `${CONCURRENT} at once`,
    run: async ({ open, discord }) => {
      const transport = open({ maxTunnels: MAX_TUNNELS })
      const mark = randomUUID()
      const contents = Array.from({ length: CONCURRENT }, (_, index) => `${mark} ${index}`)
      await Promise.all(contents.map((content) => send(transport, discord, { content })))
      const arrived = discord.messages.in(discord.channelId).map(({ content }) => content)
      expect(arrived.filter((content) => content.startsWith(mark)).sort()).toEqual(contents.sort())
      expect(transport.stats().tunnels.opened).toBeLessThanOrEqual(MAX_TUNNELS)
    },
  },
  {
    title: `${SEQUENTIAL} sends one after the other use one tunnel`,
    column: 'reuse',
    run: async ({ open, discord }) => {
      const transport = open()
      for (let sent = 0; sent < SEQUENTIAL; sent++) await send(transport, discord, { content: 'again' })
      expect(transport.stats().tunnels).toMatchObject({ opened: 1, reused: SEQUENTIAL - 1, failed: 0 })
    },
  },
]
