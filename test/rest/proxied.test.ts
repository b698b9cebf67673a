import { createHash, randomBytes } from 'node:crypto'
import { FormData as UndiciFormData, Request as UndiciRequest } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { TransportError } from '../../src/index.js'
import { startLab, USERS_ME } from '../support/lab.js'
import { rejection } from './support/fetches.js'
import { startOrigin } from './support/origin.js'

const MIB = 1024 * 1024

describe.each(['http', 'https', 'socks4a', 'socks5'] as const)('fetch through a %s proxy', (scheme) => {
  it('gets JSON, sends JSON and follows a redirect, all by the proxy', async () => {
    const lab = await startLab({ scheme })
    const { transport, discord, headers } = lab
    const me = await transport.fetch(USERS_ME, { headers })
    expect(me).toBeInstanceOf(Response)
    expect(me).toMatchObject({ status: 200, url: USERS_ME, redirected: false })
    expect(await me.json()).toMatchObject({ bot: true })

    const url = `https://discord.com/api/v10/channels/${discord.channelId}/messages`
    const body = JSON.stringify({ content: 'h\u00e9llo' })
    const sent = await transport.fetch(url, {
      method: 'POST',
      body,
      headers: { ...headers, 'content-type': 'application/json' },
    })
    expect(await sent.json()).toMatchObject({ content: 'h\u00e9llo' })

    discord.rest.respondOnce('GET /users/@me', {
      status: 302,
      headers: { location: 'https://cdn.discordapp.com/elsewhere' },
    })
    discord.cdn.respondOnce('GET /elsewhere', { json: { here: true } })
    const redirected = await transport.fetch(USERS_ME, { headers })
    expect(redirected).toMatchObject({ redirected: true, url: 'https://cdn.discordapp.com/elsewhere' })
    expect(await redirected.json()).toEqual({ here: true })
    const arrived = await discord.cdn.waitForRequest('GET /elsewhere')
    expect(arrived.headers).not.toHaveProperty('authorization')
    expect(arrived.headers['accept-encoding']).toBe('br, gzip, deflate')
    expect(lab.proxy.established.map(({ target }) => target?.host)).toEqual([
      'discord.com',
      'cdn.discordapp.com',
    ])
  })

  it('sends an attachment and gets it back', async () => {
    const { transport, discord, headers } = await startLab({ scheme })
    const bytes = Buffer.alloc(3 * MIB, 'attachment ')
    const form = new UndiciFormData()
    form.set('payload_json', JSON.stringify({ content: 'a file' }))
    form.set('files[0]', new File([bytes], 'n\u00e4me.bin'))
    const url = `https://discord.com/api/v10/channels/${discord.channelId}/messages`
    const request = new UndiciRequest(url, { method: 'POST', body: form, headers })
    const response = await transport.fetch(request)
    const { attachments } = (await response.json()) as { attachments: { url: string; filename: string }[] }
    const file = await transport.fetch(attachments[0]!.url)
    const sha256 = createHash('sha256')
    for await (const chunk of file.body as unknown as AsyncIterable<Uint8Array>) sha256.update(chunk)
    expect(sha256.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })
})

it('a redirect from https:// to http:// of the same host does not show the token', async () => {
  const lab = await startLab()
  const plain = await startOrigin((_request, response) => response.end('plain'))
  onTestFinished(() => plain.close())
  lab.names.add('discord.com', 80, { host: '127.0.0.1', port: Number(new URL(plain.url).port) })
  const location = 'http://discord.com/api/v10/users/@me'
  lab.discord.rest.respondOnce('GET /users/@me', { status: 302, headers: { location } })
  const response = await lab.transport.fetch(USERS_ME, { headers: lab.headers })
  expect(response.url).toBe(location)
  expect(await response.text()).toBe('plain')
  expect(plain.requests).toHaveLength(1)
  expect(plain.requests[0]?.headers).not.toHaveProperty('authorization')
  for (const { heard } of lab.proxy.connections)
    expect(heard.toString('latin1')).not.toContain(lab.discord.token)
})

describe('a failure of the route', () => {
  it('is the TransportError itself', async () => {
    const { transport } = await startLab({ fault: { kind: 'status', status: 403 } })
    const error = await rejection(transport.fetch(USERS_ME))
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_PROXY_DENIED', target: 'discord.com:443' })
  })

  it.each<[string, object]>([
    ['in the middle of a body', {}],
    ['in the middle of a body that undici fetches for us', { cache: 'no-store' }],
  ])('%s is what its reader gets', async (_where, init) => {
    const { transport, discord, headers } = await startLab()
    const answer = { body: Buffer.alloc(100_000), cut: { afterBytes: 50_000 } }
    discord.rest.respondOnce('GET /users/@me', answer)
    const response = await transport.fetch(USERS_ME, { headers, ...init })
    expect(response.status).toBe(200)
    const error = await rejection(response.arrayBuffer())
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', target: 'discord.com:443' })
  })

  it('before the answer is told from one of the body that is sent', async () => {
    const { transport, discord, headers } = await startLab()
    discord.rest.respondOnce('POST /channels/:id/messages', { cut: 'before-headers' })
    const url = `https://discord.com/api/v10/channels/${discord.channelId}/messages`
    const lost = await rejection(transport.fetch(url, { method: 'POST', body: '{}', headers }))
    expect(lost).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    const cause = Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'open' })
    const body = new ReadableStream({ pull: (controller) => controller.error(cause) })
    const own = await rejection(transport.fetch(url, { method: 'POST', body, duplex: 'half', headers }))
    expect(own).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause })
  })

  it('after close() says so', async () => {
    const { transport } = await startLab()
    await transport.close()
    expect(await rejection(transport.fetch(USERS_ME))).toMatchObject({ code: 'ERR_TRANSPORT_CLOSED' })
  })

  it('comes out of what undici does for us under its own name too', async () => {
    const { transport, proxy } = await startLab()
    await proxy.close()
    const error = await rejection(transport.fetch(USERS_ME, { cache: 'no-store' } as RequestInit))
    expect(error).toMatchObject({ name: 'TransportError', code: 'ERR_PROXY_UNREACHABLE' })
  })
})

describe('an upload', () => {
  it('arrives byte for byte, however slowly it is taken', async () => {
    const lab = await startLab({ delayMs: 3 })
    const bytes = randomBytes(8 * MIB)
    const form = new FormData()
    form.set('files[0]', new File([bytes.subarray(0, 100_001), bytes.subarray(100_001)], 'a.bin'))
    form.set('files[1]', new File([bytes.subarray(1)], 'b.bin'))
    const url = `https://discord.com/api/v10/channels/${lab.discord.channelId}/messages`
    const response = await lab.transport.fetch(url, { method: 'POST', body: form, headers: lab.headers })
    expect(response.status).toBe(200)
    await response.text()
    const { files } = await lab.discord.rest.waitForRequest('POST /channels/:id/messages')
    const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex')
    expect(files.map(({ sha256 }) => sha256)).toEqual([hash(bytes), hash(bytes.subarray(1))])
  })
})
