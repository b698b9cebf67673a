import { afterAll, describe, expect, it } from 'vitest'
import { inspect } from 'node:util'
import { bothFetches, directTransport, rejection } from '../support/fetches.js'
import { startOrigin, startRawOrigin } from '../support/origin.js'

const BODY = { id: '1', text: 'h\u00e9llo \u2713' }

const origin = await startOrigin(({ url }, response) => {
  const status = Number(/^\/status\/(\d+)/.exec(url)?.[1] ?? 200)
  response.writeHead(status, [
    ['Content-Type', 'application/json'],
    ['Set-Cookie', 'a=1; Path=/'],
    ['Set-Cookie', 'b=2'],
    ['X-Twice', 'one'],
    ['x-twice', 'two'],
    ['X-Latin', 'caf\u00e9'],
  ])
  if (url === '/empty') response.end()
  else if (url === '/bom') response.end('\ufefftext')
  else if (url === '/invalid') response.end(Buffer.from([0x61, 0xff, 0xe2, 0x9c, 0x62]))
  else if (url === '/slow') {
    response.write('{"id":"1",')
    setImmediate(() => response.end('"text":"h\u00e9llo \u2713"}'))
  } else response.end(JSON.stringify(BODY))
})

/** What an HTTP server of Node would not send. */
const raw = await startRawOrigin((socket, head) => {
  const path = head.split(' ')[1]
  const length = 'Content-Length: 2\r\n\r\nok'
  if (path === '/reason') socket.write(`HTTP/1.1 200 caf\u00e9 \u2713\r\n${length}`)
  else if (path === '/999') socket.write(`HTTP/1.1 999 Whatever\r\n${length}`)
  else if (path === '/hints')
    socket.write(`HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Final: 1\r\n${length}`)
  else if (path === '/until-close') socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end')
  else if (path === '/no-reason') socket.write(`HTTP/1.1 200\r\n${length}`)
  else if (path === '/bare') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
})
afterAll(() => Promise.all([origin.close(), raw.close()]))

const bothKinds = [
  ['at once', '/'],
  ['in pieces', '/slow'],
] as const

describe.each(bothFetches())('the response of $name', ({ fetch }) => {
  const get = (path: string, init?: RequestInit) => fetch(origin.url + path, init)

  it('is a Response of the platform', async () => {
    const response = await get('/')
    expect(response).toBeInstanceOf(Response)
    expect(Object.prototype.toString.call(response)).toBe('[object Response]')
    expect(response).toMatchObject({ status: 200, ok: true, redirected: false, type: 'basic' })
    expect(response).toMatchObject({ statusText: 'OK', bodyUsed: false, url: `${origin.url}/` })
    expect(response.headers).toBeInstanceOf(Headers)
    expect(response.headers).toBe(response.headers)
    expect(inspect(response)).toContain('status: 200')
    await response.text()
  })

  it.each([200, 201, 206, 400, 404, 500, 599])('has the status %i', async (status) => {
    const response = await get(`/status/${status}`)
    expect(response).toMatchObject({ status, ok: status < 300 })
    expect(await response.json()).toEqual(BODY)
  })

  it.each([204, 205, 304])('with %i has no body', async (status) => {
    const response = await get(`/status/${status}`)
    expect(response).toMatchObject({ status, body: null })
    expect(await response.text()).toBe('')
    expect(response.bodyUsed).toBe(false)
    expect(await response.text()).toBe('')
  })

  it('to HEAD has headers and no body', async () => {
    const response = await get('/', { method: 'HEAD' })
    expect(response).toMatchObject({ status: 200, body: null })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect((await response.arrayBuffer()).byteLength).toBe(0)
  })

  it('has its headers, joined but for Set-Cookie', async () => {
    const { headers } = await get('/')
    expect(headers.get('X-TWICE')).toBe('one, two')
    expect(headers.get('x-latin')).toBe('caf\u00e9')
    expect(headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2'])
    expect(headers.has('x-missing')).toBe(false)
    expect([...headers].filter(([key]) => key === 'set-cookie')).toHaveLength(2)
    expect([...headers.keys()]).toEqual([...headers.keys()].sort())
    expect(new Headers(headers).get('x-twice')).toBe('one, two')
  })

  it('has headers that cannot be changed', async () => {
    const { headers } = await get('/')
    expect(() => headers.append('x-new', '1')).toThrow(TypeError)
    expect(() => headers.set('content-type', '1')).toThrow(TypeError)
    expect(() => headers.delete('content-type')).toThrow(TypeError)
    expect(headers.get('content-type')).toBe('application/json')
  })

  describe.each(bothKinds)('whose body comes %s', (_how, path) => {
    it('is read as JSON, text, bytes and a Blob', async () => {
      expect(await (await get(path)).json()).toEqual(BODY)
      const text = await (await get(path)).text()
      expect(JSON.parse(text)).toEqual(BODY)
      const buffer = await (await get(path)).arrayBuffer()
      expect(Object.prototype.toString.call(buffer)).toBe('[object ArrayBuffer]')
      expect(Buffer.from(buffer).toString()).toBe(text)
      const blob = await (await get(path)).blob()
      expect(blob).toBeInstanceOf(Blob)
      expect(blob.type).toBe('application/json')
      expect(await blob.text()).toBe(text)
    })

    it('is read as a stream', async () => {
      const response = await get(path)
      const { body } = response
      expect(body).toBeInstanceOf(ReadableStream)
      expect(response.body).toBe(body)
      expect(response.bodyUsed).toBe(false)
      const chunks: Uint8Array[] = []
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk)
      expect(chunks[0]).toBeInstanceOf(Uint8Array)
      expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(BODY)
      expect(response.bodyUsed).toBe(true)
    })

    it('is read into the buffers of the reader', async () => {
      const reader = (await get(path)).body!.getReader({ mode: 'byob' })
      const chunks: Uint8Array[] = []
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(5))
        if (done) break
        chunks.push(value)
      }
      expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(BODY)
    })

    it('can be read once', async () => {
      const response = await get(path)
      const pending = response.json()
      expect(response.bodyUsed).toBe(true)
      expect(await rejection(response.text())).toBeInstanceOf(TypeError)
      expect(await pending).toEqual(BODY)
      for (const again of ['json', 'text', 'arrayBuffer', 'blob'] as const)
        expect(await rejection(response[again]())).toBeInstanceOf(TypeError)
      expect(() => response.clone()).toThrow(TypeError)
      expect(response.body!.locked).toBe(true)
    })

    it('can be read by its clones', async () => {
      const response = await get(path)
      const clone = response.clone()
      const third = clone.clone()
      expect(clone).toBeInstanceOf(Response)
      expect(clone).toMatchObject({ status: 200, url: response.url, redirected: false, type: 'basic' })
      expect(clone.headers.get('x-twice')).toBe('one, two')
      expect(() => clone.headers.set('a', 'b')).toThrow(TypeError)
      expect(await response.json()).toEqual(BODY)
      expect(clone.bodyUsed).toBe(false)
      expect(await clone.json()).toEqual(BODY)
      expect(await third.json()).toEqual(BODY)
    })

    it('cannot be read or cloned while a reader has its stream', async () => {
      const response = await get(path)
      const reader = response.body!.getReader()
      expect(await rejection(response.text())).toBeInstanceOf(TypeError)
      expect(() => response.clone()).toThrow(TypeError)
      reader.releaseLock()
      expect(await response.json()).toEqual(BODY)
    })

    it('can be cancelled', async () => {
      const response = await get(path)
      await response.body!.cancel('no more')
      expect(response.bodyUsed).toBe(true)
      expect(await rejection(response.text())).toBeInstanceOf(TypeError)
    })

    it('can go on into another Response', async () => {
      const response = await get(path)
      const other = new Response(response.body, response)
      expect(other.status).toBe(200)
      expect(other.headers.get('content-type')).toBe('application/json')
      expect(await other.json()).toEqual(BODY)
      expect(response.bodyUsed).toBe(true)
    })
  })

  it('that is empty is an empty text and no JSON', async () => {
    expect(await (await get('/empty')).text()).toBe('')
    expect(await rejection((await get('/empty')).json())).toBeInstanceOf(SyntaxError)
    const response = await get('/empty')
    expect(response.body).not.toBeNull()
    await response.text()
    expect(response.bodyUsed).toBe(true)
  })

  it('is decoded as UTF-8 whatever it says', async () => {
    expect(await (await get('/bom')).text()).toBe('text')
    expect(await (await get('/invalid')).text()).toBe('a\ufffd\ufffdb')
    expect(await rejection((await get('/invalid')).json())).toBeInstanceOf(SyntaxError)
  })

  it.each(['/999', '/no-reason', '/until-close', '/bare'])('may be as unusual as %s', async (path) => {
    const response = await fetch(raw.url + path)
    expect(response.status).toBe(path === '/999' ? 999 : 200)
    expect(response.ok).toBe(path !== '/999')
    expect(response.statusText).toBe({ '/999': 'Whatever', '/no-reason': '' }[path] ?? 'OK')
    expect(await response.text()).toBe({ '/until-close': 'until the end', '/bare': '' }[path] ?? 'ok')
  })

  it('comes after interim ones', async () => {
    const response = await fetch(`${raw.url}/hints`)
    expect(response.status).toBe(200)
    expect(response.headers.has('x-early')).toBe(false)
    expect(response.headers.get('x-final')).toBe('1')
    expect(await response.text()).toBe('ok')
  })

  it('with 407 is a failure: no origin may ask for the credentials of a proxy', async () => {
    const error = await rejection(get('/status/407'))
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
  })

  it('with 421 is asked for once more', async () => {
    const count = origin.requests.length
    const response = await get('/status/421')
    expect(response.status).toBe(421)
    await response.text()
    expect(origin.requests.length - count).toBe(2)
  })

  it('with 421 to a stream is given to the caller, since the stream cannot be sent once more', async () => {
    const count = origin.requests.length
    const body = new Blob(['streamed']).stream()
    const response = await get('/status/421', { method: 'POST', body, duplex: 'half' })
    expect(response.status).toBe(421)
    expect(await response.json()).toEqual(BODY)
    expect(origin.requests.slice(count).map((request) => request.body.toString())).toEqual(['streamed'])
  })
})

describe('the response of transport.fetch', () => {
  const transport = directTransport()

  it('has bytes() on every Node', async () => {
    const response = await transport.fetch(`${origin.url}/`)
    const bytes = await (response as Response & { bytes(): Promise<Uint8Array> }).bytes()
    expect(bytes).toBeInstanceOf(Uint8Array)
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(BODY)
    expect(response.bodyUsed).toBe(true)
  })

  it('is a form where it is one', async () => {
    const form = new FormData()
    form.set('field', 'value')
    form.set('file', new File(['content'], 'n\u00e4me.txt', { type: 'text/plain' }))
    const echo = await startOrigin(({ headers, body }, response) => {
      response.setHeader('content-type', headers['content-type'] ?? '')
      response.end(body)
    })
    const response = await transport.fetch(echo.url, { method: 'POST', body: form })
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the method is under test
    const parsed = await response.formData()
    expect(parsed.get('field')).toBe('value')
    expect(parsed.get('file')).toMatchObject({ name: 'n\u00e4me.txt', type: 'text/plain', size: 7 })
    await echo.close()
  })
})
