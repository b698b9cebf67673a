import { Readable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { expectWarning } from '../../lab/warnings.js'
import { bothFetches, directTransport, rejection } from '../support/fetches.js'
import { startOrigin } from '../support/origin.js'

const origin = await startOrigin(({ method, url }, response) => {
  response.setHeader('content-type', 'text/plain')
  response.end(`${method} ${url}`)
})
afterAll(() => origin.close())
const last = () => origin.requests.at(-1)!

// Node's own fetch warns of the method in small letters, once in a process.
void expectWarning(/^Using `patch` is highly likely/)

describe.each(bothFetches())('the request of $name', ({ fetch }) => {
  it.each([
    ['get', 'GET'],
    ['Post', 'POST'],
    ['pUT', 'PUT'],
    ['delete', 'DELETE'],
    ['options', 'OPTIONS'],
    ['PATCH', 'PATCH'],
    ['PROPFIND', 'PROPFIND'],
  ])('sends the method %s as %s', async (method, sent) => {
    await (await fetch(origin.url, { method })).text()
    expect(last().method).toBe(sent)
  })

  it('leaves a method alone that the standard does not normalise', async () => {
    // Node's parser of requests knows no "patch", so it answers 400; what was sent is what counts.
    const response = await fetch(origin.url, { method: 'patch' })
    expect(response.status).toBe(400)
    await response.text()
  })

  it.each(['CONNECT', 'trace', 'TRACK', 'B AD', '', 'GET\r\nX: y'])(
    'refuses the method %j',
    async (method) => {
      const count = origin.requests.length
      expect(await rejection(fetch(origin.url, { method }))).toBeInstanceOf(TypeError)
      expect(origin.requests).toHaveLength(count)
    },
  )

  it.each(['GET', 'HEAD', 'get'])('refuses a body with %s', async (method) => {
    expect(await rejection(fetch(origin.url, { method, body: '' }))).toBeInstanceOf(TypeError)
  })

  it.each(['/relative', 'http://', 'http://a b/', ''])('refuses %j, which is not a URL', async (url) => {
    expect(await rejection(fetch(url))).toBeInstanceOf(TypeError)
  })

  it('refuses credentials in the URL', async () => {
    const url = origin.url.replace('//', '//user:secret@')
    expect(await rejection(fetch(url))).toBeInstanceOf(TypeError)
  })

  it.each(['ftp://127.0.0.1/', 'unknown:x', 'file:///etc/hosts'])('cannot fetch %s', async (url) => {
    expect(await rejection(fetch(url))).toBeInstanceOf(Error)
  })

  it('refuses a port where another protocol lives', async () => {
    const error = await rejection(fetch('http://127.0.0.1:6000/'))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).cause).toMatchObject({ message: 'bad port' })
  })

  it('fetches data: and blob: URLs', async () => {
    expect(await (await fetch('data:text/plain,hello')).text()).toBe('hello')
    const url = URL.createObjectURL(new Blob(['from a blob'], { type: 'text/plain' }))
    const response = await fetch(url)
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(await response.text()).toBe('from a blob')
    URL.revokeObjectURL(url)
  })

  it.each(['/path', '/path?a=b', '/path?a=b#c', '/a b?c d', '/ü?ü', '/\'"<>`{}|^?\'"<>`{}|^', '//x//'])(
    'sends %j as the URL standard spells it, without its fragment',
    async (path) => {
      const { href } = new URL(origin.url + path)
      const response = await fetch(origin.url + path)
      expect(await response.text()).toBe(`GET ${href.slice(origin.url.length).replace(/#.*/, '')}`)
      expect(response.url).toBe(href.replace(/#.*/, ''))
    },
  )

  it('takes a URL object, and whatever else turns into a URL when it is made a string', async () => {
    expect(await (await fetch(new URL('/url', origin.url))).text()).toBe('GET /url')
    const stringable = { toString: () => `${origin.url}/object` }
    expect(await (await fetch(stringable as unknown as string)).text()).toBe('GET /object')
  })

  it('takes a Request, and uses its body at once', async () => {
    const request = new Request(`${origin.url}/request`, {
      method: 'POST',
      body: 'from a Request',
      headers: { 'X-One': '1' },
    })
    const pending = fetch(request)
    expect(request.bodyUsed).toBe(true)
    expect(await (await pending).text()).toBe('POST /request')
    expect(last().body.toString()).toBe('from a Request')
    expect(last().headers).toMatchObject({
      'content-type': 'text/plain;charset=UTF-8',
      'content-length': '14',
      'x-one': '1',
    })
    expect(await rejection(fetch(request))).toBeInstanceOf(TypeError)
  })

  it('lets the init override a Request', async () => {
    const request = new Request(`${origin.url}/both`, {
      method: 'POST',
      body: 'one',
      headers: { 'x-a': '1' },
    })
    await (await fetch(request, { method: 'PUT', body: 'two', headers: { 'x-b': '2' } })).text()
    expect(last()).toMatchObject({ method: 'PUT', body: Buffer.from('two') })
    expect(last().headers).not.toHaveProperty('x-a')
    expect(last().headers['x-b']).toBe('2')
  })

  it('sends the streamed body of a Request', async () => {
    async function* chunks() {
      yield Buffer.from('one ')
      await new Promise((resolve) => setTimeout(resolve, 60))
      yield Buffer.from('two')
    }
    const body = Readable.toWeb(Readable.from(chunks())) as ReadableStream<Uint8Array>
    const request = new Request(origin.url, { method: 'POST', body, duplex: 'half' })
    await (await fetch(request)).text()
    expect(last().body.toString()).toBe('one two')
    expect(last().headers['transfer-encoding']).toBe('chunked')
  })

  it.each([
    { redirect: 'elsewhere' },
    { mode: 'navigate' },
    { mode: 'elsewhere' },
    { cache: 'elsewhere' },
    { credentials: 'elsewhere' },
    { window: {} },
    { signal: {} },
    { referrer: 'http://' },
    { referrerPolicy: 'elsewhere' },
    { headers: null },
    { headers: 'x: y' },
  ])('refuses %j', async (init) => {
    expect(await rejection(fetch(origin.url, init as RequestInit))).toBeInstanceOf(TypeError)
  })

  it.each([
    { redirect: undefined, signal: null, body: null, headers: undefined, method: undefined },
    { mode: 'cors', cache: 'default', credentials: 'include', keepalive: true, referrer: '', integrity: '' },
    { window: null, priority: 'high', duplex: 'half', somethingElse: 1 },
  ])('takes %j as it takes nothing', async (init) => {
    await (await fetch(origin.url, init as RequestInit)).text()
    const { rawHeaders } = last()
    await (await fetch(origin.url)).text()
    expect(rawHeaders).toEqual(last().rawHeaders)
  })

  it('does what cache modes ask for', async () => {
    await (await fetch(origin.url, { cache: 'no-store' } as RequestInit)).text()
    expect(last().headers).toMatchObject({ pragma: 'no-cache', 'cache-control': 'no-cache' })
  })

  it('checks the integrity of what it fetched', async () => {
    const wrong = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    expect(await rejection(fetch(origin.url, { integrity: wrong }))).toBeInstanceOf(TypeError)
  })
})

describe('transport.fetch beside its model', () => {
  const transport = directTransport()

  it('keeps the question mark of an empty query, which Node 20 loses', async () => {
    expect(await (await transport.fetch(`${origin.url}/path?#fragment`)).text()).toBe('GET /path?')
  })

  it('repeats nothing of a URL that it refuses: a path of Discord may be a secret', async () => {
    const error = (await rejection(transport.fetch('/webhooks/1/SECRET'))) as Error
    expect(error).toBeInstanceOf(TypeError)
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('SECRET')
    const other = (await rejection(transport.fetch('https://u:SECRET@discord.com/'))) as Error
    expect(`${other.message} ${other.stack}`).not.toContain('SECRET')
  })
})
