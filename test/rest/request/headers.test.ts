import { Headers as UndiciHeaders } from 'undici'
import { afterAll, describe, expect, it } from 'vitest'
import { TransportError } from '../../../src/index.js'
import { bothFetches, directTransport, rejection } from '../support/fetches.js'
import { startOrigin } from '../support/origin.js'

const origin = await startOrigin((_request, response) => response.end())
afterAll(() => origin.close())
const last = () => origin.requests.at(-1)!

/** Everything but what the connection is about, in the order in which it was sent. */
function sent(): string[] {
  const pairs: string[] = []
  const { rawHeaders } = last()
  for (let i = 0; i < rawHeaders.length; i += 2) pairs.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  return pairs.filter((pair) => !/^(host|connection):/i.test(pair))
}

const DEFAULTS = [
  'accept: */*',
  'accept-language: *',
  'sec-fetch-mode: cors',
  'user-agent: node',
  'accept-encoding: gzip, deflate',
]

describe.each(bothFetches())('the request headers of $name', ({ fetch }) => {
  it('are those of Node where the caller gives none', async () => {
    await fetch(origin.url)
    expect(sent()).toEqual(DEFAULTS)
  })

  it('keep the order and the spelling of the caller, and do not double his', async () => {
    const headers = {
      'X-Custom': 'a',
      Authorization: 'Bot t',
      'User-Agent': 'DiscordBot (x, 1)',
      ACCEPT: 'a/b',
    }
    await fetch(origin.url, {
      method: 'POST',
      body: '{}',
      headers: { ...headers, 'Content-Type': 'application/json' },
    })
    expect(sent()).toEqual([
      'X-Custom: a',
      'Authorization: Bot t',
      'User-Agent: DiscordBot (x, 1)',
      'ACCEPT: a/b',
      'Content-Type: application/json',
      'accept-language: *',
      'sec-fetch-mode: cors',
      'accept-encoding: gzip, deflate',
      'content-length: 2',
    ])
  })

  it.each([
    [
      'pairs',
      () => [
        ['x-a', '1'],
        ['x-b', '2'],
      ],
    ],
    ['a record', () => ({ 'x-a': '1', 'x-b': '2' })],
    ['a Headers object', () => new Headers({ 'x-a': '1', 'x-b': '2' })],
    ['a Headers object of undici', (): unknown => new UndiciHeaders({ 'x-a': '1', 'x-b': '2' })],
    [
      'a Map',
      () =>
        new Map([
          ['x-a', '1'],
          ['x-b', '2'],
        ]),
    ],
    ['a record of numbers', () => ({ 'x-a': 1, 'x-b': 2 })],
  ])('come from %s', async (_kind, headers) => {
    await fetch(origin.url, { headers: headers() as Record<string, string> })
    expect(last().headers).toMatchObject({ 'x-a': '1', 'x-b': '2' })
  })

  it('join the values of one name, cookies by a semicolon', async () => {
    await fetch(origin.url, {
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
        ['Cookie', 'a=1'],
        ['cookie', 'b=2'],
      ],
    })
    expect(sent()).toEqual(['X-A: 1, 2', 'Cookie: a=1; b=2', ...DEFAULTS])
  })

  it('lose white space and line breaks around a value', async () => {
    await fetch(origin.url, { headers: { authorization: ' Bot token\r\n', 'x-empty': '' } })
    expect(last().headers).toMatchObject({ authorization: 'Bot token', 'x-empty': '' })
  })

  it('carry Latin-1 as single bytes', async () => {
    await fetch(origin.url, { headers: { 'x-latin': 'caf\u00e9' } })
    expect(last().headers['x-latin']).toBe('caf\u00e9')
  })

  it.each([
    [{ 'x a': '1' }],
    [{ '': '1' }],
    [{ 'x-ü': '1' }],
    [{ 'x-a': 'a\r\nx-b: c' }],
    [{ 'x-a': 'a\0b' }],
    [{ 'x-a': '\u2713' }],
    [[['x-a']]],
    [[['x-a', '1', '2']]],
    [['x-a: 1']],
    [{ 'x-a': Symbol('s') }],
  ])('cannot be %j', async (headers) => {
    expect(
      await rejection(fetch(origin.url, { headers: headers as unknown as Record<string, string> })),
    ).toBeInstanceOf(TypeError)
  })

  it.each(['transfer-encoding', 'upgrade', 'keep-alive', 'expect'])(
    'cannot contain %s, which is for the connection',
    async (name) => {
      const error = await rejection(fetch(origin.url, { headers: { [name]: 'x' } }))
      expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
    },
  )

  it('have the host of the URL and the one mode there is', async () => {
    await fetch(origin.url, { headers: { host: 'elsewhere', 'sec-fetch-mode': 'navigate' } })
    expect(last().headers).toMatchObject({ host: new URL(origin.url).host, 'sec-fetch-mode': 'cors' })
  })

  it('ask for no coding of a range', async () => {
    await fetch(origin.url, { headers: { range: 'bytes=0-1' } })
    expect(last().headers['accept-encoding']).toBe('identity')
  })

  it.each([
    ['POST', '0'],
    ['PUT', '0'],
    ['PATCH', '0'],
    ['DELETE', undefined],
    ['GET', undefined],
    ['OPTIONS', undefined],
  ])('of a %s without a body have the Content-Length %s', async (method, length) => {
    await fetch(origin.url, { method })
    expect(last().headers['content-length']).toBe(length)
  })

  it('refuse a Content-Length that is not the length', async () => {
    const init = { method: 'POST', body: 'four', headers: { 'content-length': '5' } }
    expect(await rejection(fetch(origin.url, init))).toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
    })
  })
})

describe('transport.fetch', () => {
  const transport = directTransport()

  it('repeats no value that it refuses', async () => {
    const error = (await rejection(
      transport.fetch(origin.url, { headers: { authorization: 'Bot SECRET\nx' } }),
    )) as Error
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('authorization')
    expect(`${error.message} ${error.stack}`).not.toContain('SECRET')
  })

  it.each([
    [{ 'Proxy-Authorization': 'Basic x' }],
    [[['proxy-authorization', 'Basic x']]],
    [new Headers({ 'proxy-authorization': 'Basic x' })],
  ])('sends no Proxy-Authorization to a destination', async (headers) => {
    const count = origin.requests.length
    for (const init of [{ headers }, { headers, cache: 'no-store' }] as RequestInit[]) {
      const error = await rejection(transport.fetch(origin.url, init))
      expect(error).toBeInstanceOf(TransportError)
      expect(error).toMatchObject({ code: 'ERR_PROXY_CONFIG' })
    }
    expect(origin.requests).toHaveLength(count)
  })
})
