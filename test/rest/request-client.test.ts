import * as carbon14 from 'carbon-0-14'
import * as carbon15 from 'carbon-0-15'
import * as carbon16 from '@buape/carbon'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ProxyRequestClient } from '../../src/adapters/carbon/index.js'
import { createDiscordTransport, TransportError, type DiscordTransport } from '../../src/index.js'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy } from '../lab/proxy/index.js'

interface WebhookInput {
  readonly id: string
  readonly token: string
}

let names: LabNames
let discord: FakeDiscord
let proxy: LabProxy
let transport: DiscordTransport

beforeEach(async () => {
  names = new LabNames()
  discord = await startDiscord({ names })
  proxy = await startProxy({ scheme: 'socks5', names })
  transport = createDiscordTransport({ proxy: proxy.url, tls: { ca: discord.ca }, env: {} })
})

afterEach(async () => {
  await transport.close()
  await proxy.close()
  await discord.close()
})

describe.each([
  ['0.15', carbon15.RequestClient, (input: WebhookInput) => new carbon15.Webhook(input)],
  ['0.16', carbon16.RequestClient, (input: WebhookInput) => new carbon16.Webhook(input)],
])('wrapRequestClient on a RequestClient of Carbon %s', (_, RequestClient, createWebhook) => {
  it('makes an existing client send through the proxy, and gives the same client back', async () => {
    const client = new RequestClient(discord.token)
    expect(transport.wrapRequestClient(client)).toBe(client)
    expect(await client.get('/users/@me')).toMatchObject({ id: discord.user.id })
    expect(proxy.connections).toMatchObject([{ target: { host: 'discord.com', addressType: 'name' } }])
  })

  it('takes the place of a fetch that the client was created with', async () => {
    const client = new RequestClient(discord.token, {
      fetch: () => Promise.reject(new Error('around the proxy')),
    })
    await transport.wrapRequestClient(client).get('/users/@me')
    expect(client.options.fetch).toBe(transport.fetch)
  })

  it('carries a file with its exact bytes and name', async () => {
    const file = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251))
    const client = transport.wrapRequestClient(new RequestClient(discord.token))
    await client.post(`/channels/${discord.channelId}/messages`, {
      body: { content: 'a file', files: [{ name: 'bytes.bin', data: new Blob([file]) }] },
    })
    const { files, json } = await discord.rest.waitForRequest('POST /channels/:id/messages')
    expect(json).toMatchObject({ content: 'a file', attachments: [{ id: 0, filename: 'bytes.bin' }] })
    expect(files).toMatchObject([{ field: 'files[0]', filename: 'bytes.bin', size: file.length }])
    expect(files[0]?.bytes?.equals(file)).toBe(true)
  })

  it("keeps Carbon's own error for what Discord refuses, and rejects with a TransportError for the proxy", async () => {
    const client = transport.wrapRequestClient(new RequestClient(discord.token))
    proxy.fault = { kind: 'socks-reply', code: 2 }
    await expect(client.get('/users/@me')).rejects.toMatchObject({
      name: 'TransportError',
      code: 'ERR_PROXY_DENIED',
    })
    proxy.fault = undefined
    await expect(client.get('/channels/1')).rejects.toMatchObject({ status: 404 })
  })

  it("reaches a Webhook's client, which Carbon creates by itself", async () => {
    const owner = transport.wrapRequestClient(new RequestClient(discord.token))
    const created: unknown = await owner.post(`/channels/${discord.channelId}/webhooks`, {
      body: { name: 'from the test' },
    })
    if (!isWebhook(created)) throw new Error('The lab made no webhook')
    const webhook = createWebhook(created)
    transport.wrapRequestClient(webhook.rest)
    await webhook.send({ content: 'by webhook' })
    expect(discord.messages.in(discord.channelId)).toMatchObject([{ content: 'by webhook' }])
  })
})

function isWebhook(value: unknown): value is WebhookInput {
  return typeof value === 'object' && value !== null && 'id' in value && 'token' in value
}

describe('wrapRequestClient', () => {
  it.each([
    ['a RequestClient of Carbon 0.14', () => new carbon14.RequestClient('token')],
    ['anything else', () => ({})],
  ])('refuses %s, and says what to do', (_, create) => {
    const wrap = (): unknown => transport.wrapRequestClient(create())
    expect(wrap).toThrow(TransportError)
    expect(wrap).toThrow(/RequestClient of @buape\/carbon 0\.15 or later/)
    expect(wrap).toThrow(expect.objectContaining({ code: 'ERR_PROXY_CONFIG', phase: 'config' }) as Error)
  })
})

describe('ProxyRequestClient', () => {
  it('is a RequestClient with all its options, and sends through the proxy', async () => {
    const client = new ProxyRequestClient(discord.token, { transport, userAgent: 'test', timeout: 5_000 })
    expect(client).toBeInstanceOf(carbon16.RequestClient)
    expect(client.options).toMatchObject({ userAgent: 'test', timeout: 5_000 })
    expect(await client.get('/users/@me')).toMatchObject({ id: discord.user.id })
    expect(proxy.established).toHaveLength(1)
  })

  it('leaves a fetch of its user unused: it would lead around the proxy', async () => {
    const options = { transport, fetch: () => Promise.reject(new Error('around the proxy')) }
    expect(await new ProxyRequestClient(discord.token, options).get('/users/@me')).toBeDefined()
  })
})
