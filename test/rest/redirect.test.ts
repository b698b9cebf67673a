import { afterAll, describe, expect, it } from 'vitest'
import { bothFetches, directTransport, rejection } from './support/fetches.js'
import { startOrigin, type Answer, type SeenRequest } from './support/origin.js'

/** Answers /STATUS?to=LOCATION with that redirect, and everything else with what it got. */
const answer: Answer = ({ method, url, headers, body }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://origin')
  const status = Number(pathname.slice(1))
  if (status >= 300) {
    const to = searchParams.get('to')
    response.writeHead(status, to === null ? {} : { location: to })
    response.end('the body of the redirect')
    return
  }
  if (pathname === '/loop') {
    response.writeHead(302, { location: `/loop?${Number(url.split('?')[1] ?? 0) + 1}` }).end()
    return
  }
  response.end(JSON.stringify({ method, url, headers, body: body.toString() }))
}

const origin = await startOrigin(answer)
const other = await startOrigin(answer)
afterAll(() => Promise.all([origin.close(), other.close()]))

const redirectTo = (status: number, to: string) => `${origin.url}/${status}?to=${encodeURIComponent(to)}`

interface Echo extends Omit<SeenRequest, 'body'> {
  readonly body: string
}

describe.each(bothFetches())('$name', ({ fetch }) => {
  const echo = async (response: Response) => (await response.json()) as Echo

  it.each([301, 302, 303, 307, 308])('follows a %i', async (status) => {
    const response = await fetch(redirectTo(status, '/there?a=b#c'))
    expect(response).toMatchObject({
      status: 200,
      redirected: true,
      type: 'basic',
      url: `${origin.url}/there?a=b`,
    })
    expect(await echo(response)).toMatchObject({ method: 'GET', url: '/there?a=b' })
  })

  it.each([300, 304, 305, 306, 399])('does not follow a %i', async (status) => {
    const response = await fetch(redirectTo(status, '/there'))
    expect(response).toMatchObject({ status, redirected: false })
    await response.text()
  })

  it.each([
    [301, 'POST', 'GET', false],
    [302, 'POST', 'GET', false],
    [303, 'POST', 'GET', false],
    [303, 'PUT', 'GET', false],
    [303, 'DELETE', 'GET', false],
    [301, 'PUT', 'PUT', true],
    [302, 'PATCH', 'PATCH', true],
    [307, 'POST', 'POST', true],
    [308, 'POST', 'POST', true],
    [307, 'PUT', 'PUT', true],
  ])('after a %i to a %s sends a %s', async (status, method, then, withBody) => {
    const headers = { 'content-type': 'a/b', 'content-language': 'de', 'x-own': '1' }
    const response = await fetch(redirectTo(status, '/there'), { method, body: 'the body', headers })
    const seen = await echo(response)
    expect(seen).toMatchObject({ method: then, body: withBody ? 'the body' : '' })
    expect(seen.headers['x-own']).toBe('1')
    expect(seen.headers['content-type']).toBe(withBody ? 'a/b' : undefined)
    expect(seen.headers['content-language']).toBe(withBody ? 'de' : undefined)
    expect(seen.headers['content-length']).toBe(withBody ? '8' : undefined)
  })

  it.each([301, 303, 307])('sends a HEAD again after a %i', async (status) => {
    const response = await fetch(redirectTo(status, '/there'), { method: 'HEAD' })
    expect(response).toMatchObject({ status: 200, redirected: true })
    expect(await response.text()).toBe('')
    expect(origin.requests.at(-1)).toMatchObject({ method: 'HEAD', url: '/there' })
  })

  it('sends a form once more, file and all', async () => {
    const form = new FormData()
    form.set('file', new File(['content of the file'], 'name.txt'))
    const seen = await echo(await fetch(redirectTo(307, '/there'), { method: 'POST', body: form }))
    expect(seen.body).toContain('content of the file')
    expect(seen.headers['content-length']).toBe(String(seen.body.length))
  })

  it('cannot send a stream once more', async () => {
    const stream = () => new Blob(['streamed']).stream()
    const init = { method: 'POST', duplex: 'half' } as const
    const error = await rejection(fetch(redirectTo(307, '/there'), { ...init, body: stream() }))
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
    const seen = await echo(await fetch(redirectTo(303, '/there'), { ...init, body: stream() }))
    expect(seen).toMatchObject({ method: 'GET', body: '' })
  })

  it('drops Authorization and Cookie when it goes to another origin', async () => {
    const headers = { Authorization: 'Bot secret', Cookie: 'a=b', 'X-Own': '1' }
    const same = await echo(await fetch(redirectTo(302, '/there'), { headers }))
    expect(same.headers).toMatchObject({ authorization: 'Bot secret', cookie: 'a=b' })
    const response = await fetch(redirectTo(302, `${other.url}/there`), { headers })
    const cross = await echo(response)
    expect(cross.headers).not.toHaveProperty('authorization')
    expect(cross.headers).not.toHaveProperty('cookie')
    expect(cross.headers).toMatchObject({ 'x-own': '1', host: new URL(other.url).host })
    expect(response).toMatchObject({ type: 'cors', redirected: true, url: `${other.url}/there` })
  })

  it('does not send them again when the other origin redirects back', async () => {
    const home = `${other.url}/302?to=${encodeURIComponent(`${origin.url}/there`)}`
    const response = await fetch(redirectTo(302, home), { headers: { authorization: 'Bot secret' } })
    expect((await echo(response)).headers).not.toHaveProperty('authorization')
    expect(response.url).toBe(`${origin.url}/there`)
  })

  it.each([
    ['there', '/there'],
    ['?query', '/302?query'],
    ['//HOST/path', '/path'],
    ['/caf\u00c3\u00a9', '/caf%C3%A9'],
    ['/a b', '/a%20b'],
  ])('reads the Location %j', async (location, path) => {
    const to = location.replace('HOST', new URL(origin.url).host)
    expect((await fetch(redirectTo(302, to))).url).toBe(origin.url + path)
  })

  it.each([
    'ftp://127.0.0.1/',
    'data:,x',
    'http://',
    'http://user:pass@127.0.0.1:1/',
    'http://127.0.0.1:6000/',
  ])('fails where the Location is %s', async (to) => {
    const error = await rejection(fetch(redirectTo(302, to)))
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
  })

  it('gives a redirect without a Location to the caller', async () => {
    const response = await fetch(`${origin.url}/302`)
    expect(response).toMatchObject({ status: 302, redirected: false })
    expect(await response.text()).toBe('the body of the redirect')
  })

  it('gives up after 20', async () => {
    const count = origin.requests.length
    const error = await rejection(fetch(`${origin.url}/loop`))
    expect(error).toMatchObject({ message: 'fetch failed', cause: { message: 'redirect count exceeded' } })
    expect(origin.requests.length - count).toBe(21)
  })

  it('gives a redirect to a caller that asks for manual', async () => {
    const response = await fetch(redirectTo(302, '/there'), { redirect: 'manual' })
    expect(response).toMatchObject({ status: 302, redirected: false, type: 'basic' })
    expect(response.headers.get('location')).toBe('/there')
    expect(await response.text()).toBe('the body of the redirect')
  })

  it('fails for a caller that asks for error', async () => {
    const error = await rejection(fetch(redirectTo(302, '/there'), { redirect: 'error' }))
    expect(error).toMatchObject({ message: 'fetch failed', cause: { message: 'unexpected redirect' } })
    const response = await fetch(`${origin.url}/there`, { redirect: 'error' })
    expect(response.ok).toBe(true)
    await response.text()
  })
})

const transport = directTransport()

it('a redirect to where nobody listens fails as a request that may have been carried out', async () => {
  const gone = await startOrigin(answer)
  await gone.close()
  const count = origin.requests.length
  const url = redirectTo(307, `${gone.url}/there`)
  const error = await rejection(transport.fetch(url, { method: 'POST', body: 'the body' }))
  expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE', sent: 'maybe', retryable: false })
  expect(origin.requests.length - count).toBe(1)
})
