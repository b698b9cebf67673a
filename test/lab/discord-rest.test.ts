import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import tls from 'node:tls'
import { Agent, fetch as undiciFetch, FormData as UndiciFormData } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDiscord, type FakeDiscord } from './discord/index.js'
import { connectLabDirectly } from './discord/loopback.js'
import { LabNames } from './names.js'

let names: LabNames
let discord: FakeDiscord
let direct: Disposable

beforeEach(async () => {
  names = new LabNames()
  discord = await startDiscord({ names })
  direct = connectLabDirectly(names, discord.ca)
})

afterEach(async () => {
  direct[Symbol.dispose]()
  await discord.close()
})

interface CallOptions {
  readonly json?: unknown
  readonly body?: string | FormData
  readonly token?: string
}

/** A request as a bot makes it. */
function call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { json, body, token = discord.token } = options
  return fetch(`https://discord.com/api/v10${path}`, {
    method,
    headers: {
      authorization: `Bot ${token}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? (body === undefined ? {} : { body }) : { body: JSON.stringify(json) }),
  })
}

const messages = (): string => `/channels/${discord.channelId}/messages`

describe('the API', () => {
  it('answers below /api and below /api/v10 alike', async () => {
    const versioned = await fetch('https://discord.com/api/v10/gateway')
    const bare = await fetch('https://discord.com/api/gateway')
    expect(await versioned.json()).toEqual({ url: 'wss://gateway.discord.gg' })
    expect(await bare.json()).toEqual({ url: 'wss://gateway.discord.gg' })
    expect(discord.rest.requests.map(({ path, route }) => [path, route])).toEqual([
      ['/api/v10/gateway', '/gateway'],
      ['/api/gateway', '/gateway'],
    ])
  })

  it('answers a wrong token with 401 in the words of Discord', async () => {
    const response = await call('GET', '/users/@me', { token: 'wrong' })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ message: '401: Unauthorized', code: 0 })
  })

  it('tells a bot where the gateway is and how many sessions it may start', async () => {
    expect(await (await call('GET', '/gateway/bot')).json()).toEqual({
      url: 'wss://gateway.discord.gg',
      shards: 1,
      session_start_limit: { total: 1000, remaining: 1000, reset_after: 14_400_000, max_concurrency: 1 },
    })
  })

  it('answers an unknown route with 404 and a wrong method with 405', async () => {
    expect((await call('GET', '/nothing')).status).toBe(404)
    expect((await call('DELETE', '/users/@me')).status).toBe(405)
    expect((await call('GET', '/channels/1')).status).toBe(404)
  })

  it('is reachable by its names only, and with its own authority only', async () => {
    direct[Symbol.dispose]()
    const { host, port } = names.resolve('discord.com', 443)!
    const socket = tls.connect({ host, port, servername: 'discord.com' })
    const failed: unknown[] = await once(socket, 'error')
    expect(failed[0]).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  })

  it('speaks HTTP/2 where ALPN asks for it', async () => {
    const { host, port } = names.resolve('discord.com', 443)!
    const session = connectHttp2('https://discord.com', {
      createConnection: () =>
        tls.connect({ host, port, servername: 'discord.com', ca: discord.ca, ALPNProtocols: ['h2'] }),
    })
    const stream = session.request({
      ':method': 'POST',
      ':path': `/api/v10${messages()}`,
      authorization: `Bot ${discord.token}`,
      'content-type': 'application/json',
    })
    stream.end(JSON.stringify({ content: 'over h2' }))
    const answered: unknown[] = await once(stream, 'response')
    expect(answered[0]).toMatchObject({ ':status': 200 })
    stream.resume()
    await once(stream, 'close')
    expect(discord.connections()).toMatchObject([{ server: 'rest', alpn: 'h2', servername: 'discord.com' }])
    session.close()
    await once(session, 'close')
    expect(discord.rest.requests[0]).toMatchObject({
      httpVersion: '2.0',
      host: 'discord.com:443',
      status: 200,
    })
  })

  it('speaks HTTP/1.1 only, if told so, whatever ALPN asks for', async () => {
    const ownNames = new LabNames()
    await using older = await startDiscord({ names: ownNames, http2: false })
    const { host, port } = ownNames.resolve('discord.com', 443)!
    const offers = { ca: older.ca, servername: 'discord.com', ALPNProtocols: ['h2', 'http/1.1'] }
    const socket = tls.connect({ host, port, ...offers })
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe('http/1.1')
    socket.destroy()
  })

  it('takes uploads, and cuts its answers, over HTTP/2 too', async () => {
    const agent = new Agent({ allowH2: true })
    const form = new UndiciFormData()
    form.append('files[0]', new Blob([Buffer.alloc(300_000, 'h2')]), 'h2.bin')
    const url = `https://discord.com/api/v10${messages()}`
    const init = { method: 'POST', dispatcher: agent, headers: { authorization: `Bot ${discord.token}` } }
    expect((await undiciFetch(url, { ...init, body: form })).status).toBe(200)
    expect(discord.rest.requests[0]).toMatchObject({ httpVersion: '2.0', files: [{ size: 300_000 }] })
    discord.rest.respondOnce('GET /gateway', { body: Buffer.alloc(90_000), cut: { afterBytes: 9000 } })
    const cut = undiciFetch('https://discord.com/api/v10/gateway', { dispatcher: agent })
    await expect(cut.then((response) => response.arrayBuffer())).rejects.toThrow()
    await agent.destroy()
  })

  it('records every header and counts the requests of a connection', async () => {
    const agent = new Agent({ connections: 1 })
    for (const number of [1, 2, 3]) {
      const response = await undiciFetch('https://discord.com/api/v10/gateway', {
        dispatcher: agent,
        headers: { 'x-number': String(number) },
      })
      await response.text()
    }
    await agent.close()
    const { requests } = discord.rest
    expect(requests.map(({ headers }) => headers['x-number'])).toEqual(['1', '2', '3'])
    expect(requests.map(({ numberOnConnection }) => numberOnConnection)).toEqual([1, 2, 3])
    expect(new Set(requests.map(({ connectionId }) => connectionId)).size).toBe(1)
  })

  it('stores the commands that are deployed, each with an id', async () => {
    const path = `/applications/${discord.user.id}/commands`
    const deployed: unknown = await (await call('PUT', path, { json: [{ name: 'ping' }] })).json()
    expect(deployed).toMatchObject([{ name: 'ping', application_id: discord.user.id }])
    expect(await (await call('GET', path)).json()).toEqual(deployed)
    const [command] = discord.state.commands.get(path) ?? []
    const one = `${path}/${command!.id}`
    const changed: unknown = await (await call('PATCH', one, { json: { name: 'pong' } })).json()
    expect(changed).toMatchObject({ id: command!.id, name: 'pong' })
    expect((await call('DELETE', one)).status).toBe(204)
    expect((await call('GET', one)).status).toBe(404)
  })
})

describe('a message', () => {
  it('is created, edited, read, reacted to and deleted', async () => {
    const created: unknown = await (await call('POST', messages(), { json: { content: 'one' } })).json()
    expect(created).toMatchObject({ content: 'one', author: { id: discord.user.id } })
    const { id } = discord.messages.in(discord.channelId)[0]!
    await call('PATCH', `${messages()}/${id}`, { json: { content: 'two' } })
    expect(await (await call('GET', `${messages()}/${id}`)).json()).toMatchObject({ content: 'two' })
    const reaction = `${messages()}/${id}/reactions/${encodeURIComponent('👍')}/@me`
    expect((await call('PUT', reaction)).status).toBe(204)
    expect(discord.messages.reactions(id)).toEqual([
      { emoji: { id: null, name: '👍' }, users: new Set([discord.user.id]) },
    ])
    expect((await call('DELETE', `${messages()}/${id}`)).status).toBe(204)
    expect((await call('GET', `${messages()}/${id}`)).status).toBe(404)
  })

  it('with a repeated nonce is the first message, if the nonce is enforced', async () => {
    const send = async (fields: object): Promise<unknown> =>
      (await call('POST', messages(), { json: { content: 'once', nonce: 'n1', ...fields } })).json()
    const first = await send({ enforce_nonce: true })
    expect(await send({ enforce_nonce: true, content: 'again' })).toEqual(first)
    expect(await send({})).not.toEqual(first)
    expect(discord.messages.in(discord.channelId)).toHaveLength(2)
  })

  it('with nothing in it is refused', async () => {
    const response = await call('POST', messages(), { json: {} })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 50006 })
  })

  it('sent as a form that lost its type is refused, and the 17 bytes are on record', async () => {
    const response = await call('POST', messages(), { body: '[object FormData]' })
    expect(response.status).toBe(400)
    expect(discord.rest.requests[0]?.rawBody?.toString()).toBe('[object FormData]')
  })
})

describe('an upload', () => {
  it('is parsed, and the CDN serves exactly its bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251))
    const form = new FormData()
    form.append(
      'payload_json',
      JSON.stringify({ content: 'see', attachments: [{ id: 0, description: 'alt' }] }),
    )
    form.append('files[0]', new Blob([bytes], { type: 'image/png' }), 'grün.png')
    form.append('files[1]', new Blob(['plain'], { type: 'text/plain' }), 'b.txt')
    expect((await call('POST', messages(), { body: form })).status).toBe(200)
    const [request] = discord.rest.requests
    expect(request).toMatchObject({ json: { content: 'see' }, complete: true })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(request?.files).toMatchObject([
      { field: 'files[0]', filename: 'grün.png', contentType: 'image/png', size: 70_000, sha256 },
      { field: 'files[1]', filename: 'b.txt', contentType: 'text/plain', size: 5 },
    ])
    const [message] = discord.messages.in(discord.channelId)
    const [attachment] = message!.attachments
    expect(attachment).toMatchObject({ filename: 'gr_n.png', size: 70_000, description: 'alt' })
    const download = await fetch(attachment!.url)
    expect(download.headers.get('content-length')).toBe('70000')
    expect(download.headers.get('content-type')).toBe('image/png')
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true)
    const proxied = await fetch(attachment!.proxy_url)
    expect(Buffer.from(await proxied.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('larger than what is kept is hashed all the same', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    const form = new FormData()
    form.append('files[0]', new Blob(Array.from({ length: 20 }, () => chunk)), 'large.bin')
    expect((await call('POST', messages(), { body: form })).status).toBe(200)
    const hash = createHash('sha256')
    for (let index = 0; index < 20; index += 1) hash.update(chunk)
    expect(discord.rest.requests[0]).toMatchObject({
      rawBody: undefined,
      files: [{ size: 20 * chunk.length, sha256: hash.digest('hex'), bytes: undefined }],
    })
    const [message] = discord.messages.in(discord.channelId)
    expect((await fetch(message!.attachments[0]!.url)).status).toBe(410)
  })

  it('that ends before its closing boundary is refused', async () => {
    const response = await fetch(`https://discord.com/api/v10${messages()}`, {
      method: 'POST',
      headers: { authorization: `Bot ${discord.token}`, 'content-type': 'multipart/form-data; boundary=b' },
      body: '--b\r\ncontent-disposition: form-data; name="files[0]"; filename="a"\r\n\r\nhalf',
    })
    expect(response.status).toBe(400)
    expect(discord.messages.in(discord.channelId)).toHaveLength(0)
  })

  it('to an edit adds to the attachments or keeps those it lists', async () => {
    const upload = (name: string, payload: unknown): FormData => {
      const form = new FormData()
      form.append('payload_json', JSON.stringify(payload))
      form.append('files[0]', new Blob([name]), name)
      return form
    }
    await call('POST', messages(), { body: upload('a.txt', {}) })
    const [message] = discord.messages.in(discord.channelId)
    const path = `${messages()}/${message!.id}`
    await call('PATCH', path, { body: upload('b.txt', {}) })
    expect(message!.attachments.map(({ filename }) => filename)).toEqual(['a.txt', 'b.txt'])
    const kept = message!.attachments[1]!.id
    await call('PATCH', path, { body: upload('c.txt', { attachments: [{ id: kept }, { id: 0 }] }) })
    expect(message!.attachments.map(({ filename }) => filename)).toEqual(['b.txt', 'c.txt'])
  })
})

describe('an interaction', () => {
  it('is answered once, followed up and edited by its token alone', async () => {
    const interaction = discord.interactions.create({ name: 'ping' })
    const callback = `/interactions/${interaction.id}/${interaction.token}/callback`
    const json = { type: 4, data: { content: 'pong' } }
    const answer = await call('POST', `${callback}?with_response=true`, { json, token: 'none' })
    expect(await answer.json()).toMatchObject({ resource: { type: 4, message: { content: 'pong' } } })
    expect(await (await call('POST', callback, { json })).json()).toMatchObject({ code: 40060 })
    const webhook = `/webhooks/${discord.user.id}/${interaction.token}`
    await call('PATCH', `${webhook}/messages/@original`, { json: { content: 'edited' } })
    await call('POST', webhook, { json: { content: 'more' } })
    expect(discord.messages.in(discord.channelId).map(({ content }) => content)).toEqual(['edited', 'more'])
    expect((await interaction.waitForCallback()).type).toBe(4)
  })

  it('does not count a nonce: a repeated webhook is a second message', async () => {
    const { id, token } = discord.state.addChannelWebhook(discord.channelId)
    const json = { content: 'twice', nonce: '1', enforce_nonce: true }
    expect((await call('POST', `/webhooks/${id}/${token}`, { json })).status).toBe(204)
    expect((await call('POST', `/webhooks/${id}/${token}?wait=true`, { json })).status).toBe(200)
    expect(discord.messages.in(discord.channelId)).toHaveLength(2)
  })
})

describe('a rate limit', () => {
  it('is in the headers of every answer', async () => {
    discord.rest.limit('POST /channels/:id/messages', { limit: 5, windowMs: 60_000 })
    const { headers } = await call('POST', messages(), { json: { content: 'x' } })
    expect(headers.get('x-ratelimit-bucket')).toMatch(/^[0-9a-f]{32}$/)
    expect(headers.get('x-ratelimit-limit')).toBe('5')
    expect(headers.get('x-ratelimit-remaining')).toBe('4')
    expect(Number(headers.get('x-ratelimit-reset-after'))).toBeGreaterThan(59)
  })

  it('that is exceeded is a 429, for its own channel only', async () => {
    discord.rest.limit('POST /channels/:id/messages', { limit: 1, windowMs: 60_000 })
    await call('POST', messages(), { json: { content: 'x' } })
    const limited = await call('POST', messages(), { json: { content: 'y' } })
    expect(limited.status).toBe(429)
    expect(limited.headers.get('x-ratelimit-scope')).toBe('user')
    expect(await limited.json()).toMatchObject({ message: 'You are being rate limited.', global: false })
    const other = `/channels/${discord.directChannelId}/messages`
    expect((await call('POST', other, { json: { content: 'z' } })).status).toBe(200)
  })

  it('can be had once on demand, global too', async () => {
    discord.rest.rateLimitOnce('GET /users/@me', { retryAfter: 0.5, scope: 'global' })
    const limited = await call('GET', '/users/@me')
    expect(limited.status).toBe(429)
    expect(limited.headers.get('x-ratelimit-global')).toBe('true')
    expect(limited.headers.get('retry-after')).toBe('1')
    expect(await limited.json()).toMatchObject({ retry_after: 0.5, global: true })
    expect((await call('GET', '/users/@me')).status).toBe(200)
  })
})

describe('a fault', () => {
  it('replaces one answer and no more', async () => {
    discord.rest.respondOnce('GET /gateway', { status: 503, body: 'busy' })
    expect((await call('GET', '/gateway')).status).toBe(503)
    expect((await call('GET', '/gateway')).status).toBe(200)
  })

  it('can lose the answer of a message that was created', async () => {
    discord.rest.loseAnswerOnce('POST /channels/:id/messages')
    await expect(call('POST', messages(), { json: { content: 'lost' } })).rejects.toThrow('fetch failed')
    expect(discord.messages.in(discord.channelId)).toHaveLength(1)
  })

  it.each([false, true])('can cut an answer in the middle of its body (reset: %s)', async (reset) => {
    discord.rest.respondOnce('GET /gateway', {
      body: Buffer.alloc(50_000),
      cut: { afterBytes: 20_000 },
      reset,
    })
    const response = await call('GET', '/gateway')
    expect(response.headers.get('content-length')).toBe('50000')
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  it('can answer before the body has arrived', async () => {
    discord.rest.respondOnce('POST /channels/:id/messages', { status: 413 }, { at: 'headers' })
    expect((await call('POST', messages(), { json: { content: 'x' } })).status).toBe(413)
    expect(discord.messages.in(discord.channelId)).toHaveLength(0)
  })

  it('can redirect, wait and trickle', async () => {
    discord.rest.respondOnce('GET /gateway', {
      status: 307,
      headers: { location: 'https://cdn.discordapp.com/elsewhere' },
      delayMs: 5,
    })
    discord.cdn.put('/elsewhere', 'slow')
    discord.cdn.respondOnce('GET /elsewhere', { apply: true, trickle: { bytes: 1, everyMs: 1 } })
    const response = await call('GET', '/gateway')
    expect(await response.text()).toBe('slow')
    expect(discord.cdn.requests[0]?.headers.authorization).toBeUndefined()
  })

  it('can keep silent until the client gives up, which is on record', async () => {
    discord.rest.respondOnce('GET /gateway', { stall: true })
    const controller = new AbortController()
    const response = fetch('https://discord.com/api/v10/gateway', { signal: controller.signal })
    const request = await discord.rest.waitForRequest('GET /gateway')
    controller.abort()
    await expect(response).rejects.toThrow('aborted')
    await expect.poll(() => request.aborted).toBe(true)
  })
})
