import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import type { FetchInit } from '../../src/index.js'
import { freePort } from '../support/free-port.js'
import { directTransport, rejection } from './support/fetches.js'
import { startOrigin } from './support/origin.js'

const SECRET = 'SECRET-token'

/** Answers as the query says. */
const origin = await startOrigin(({ url }, response) => {
  const { searchParams } = new URL(url, 'http://origin')
  const location = searchParams.get('location')
  const status = Number(searchParams.get('status'))
  response.writeHead(status, location === null ? {} : { location })
  response.end()
})
afterAll(() => origin.close())

const transport = directTransport()

/** Everything that a log could show of an error: its causes, its hidden properties, its stack. */
function shown(error: unknown): string {
  return inspect(error, { depth: Infinity, showHidden: true, getters: true })
}

function answering(status: number, location?: string): string {
  const query = new URLSearchParams({ status: String(status), ...(location !== undefined && { location }) })
  return `${origin.url}/webhooks/1/${SECRET}?${query.toString()}`
}

// The second init is one that undici's fetch carries out.
describe.each<[string, FetchInit]>([
  ['fetch', {}],
  ['fetch with a cache mode', { cache: 'no-store' } as RequestInit],
])('no error of %s holds the path of its URL', (_name, init) => {
  it.each<[string, () => string | Promise<string>, FetchInit?]>([
    ['a URL without an origin', () => `/webhooks/1/${SECRET}`],
    ['a URL with a bad port', () => `https://discord.com:99999/webhooks/1/${SECRET}`],
    ['a URL with credentials', () => `https://user:${SECRET}@discord.com/webhooks/1/${SECRET}`],
    ['an unknown scheme', () => `gopher://discord.com/webhooks/1/${SECRET}`],
    ['a blocked port', () => `http://127.0.0.1:22/webhooks/1/${SECRET}`],
    ['a refused connection', async () => `http://127.0.0.1:${await freePort()}/webhooks/1/${SECRET}`],
    ['a bad Location', () => answering(302, 'http://[')],
    ['a bad Location with a token', () => answering(307, `http://[/webhooks/1/${SECRET}`)],
    ['a Location of another scheme', () => answering(302, `ftp://elsewhere/${SECRET}`)],
    ['a Location with credentials', () => answering(302, `http://user:${SECRET}@127.0.0.1/${SECRET}`)],
    ['a redirect that is not wanted', () => answering(302, '/'), { redirect: 'error' }],
    ['a 407', () => answering(407)],
    ['a bad method', () => answering(200), { method: 'A B' }],
    ['a bad header', () => answering(200), { headers: { authorization: `Bot ${SECRET}\n` + SECRET } }],
    ['a used body', () => answering(200), { method: 'POST', body: usedStream() }],
  ])('%s', async (_what, url, more = {}) => {
    const error = await rejection(transport.fetch(await url(), { ...init, ...more }))
    expect(error).toBeInstanceOf(Error)
    expect(shown(error)).not.toContain(SECRET)
  })
})

function usedStream(): ReadableStream {
  const stream = new Blob(['x']).stream()
  void stream.getReader().read()
  return stream
}
