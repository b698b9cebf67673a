import { gzipSync, brotliCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { bothFetches, type Fetch } from './support/fetches.js'
import { startOrigin, type SeenRequest } from './support/origin.js'

/** What the origin answers with. */
interface Reply {
  readonly status: number
  readonly reason: string
  readonly headers: readonly (readonly [string, string])[]
  readonly coding: 'none' | 'gzip' | 'br'
  readonly body: Uint8Array
}

/** What the caller asks for. */
interface Call {
  readonly path: string
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | Uint8Array | URLSearchParams | undefined
  readonly redirect: 'follow' | 'manual' | 'error'
}

const CODERS = { none: (body: Uint8Array) => body, gzip: gzipSync, br: brotliCompressSync }

let reply: Reply
const origin = await startOrigin(({ url }, response) => {
  // Where a redirect leads.
  if (url.startsWith('/landed')) {
    response.end('landed')
    return
  }
  const coded = CODERS[reply.coding](reply.body)
  response.sendDate = false
  response.writeHead(reply.status, reply.reason, [
    ...reply.headers.flat(),
    ...(reply.coding === 'none' ? [] : ['content-encoding', reply.coding]),
  ])
  response.end(coded)
})
afterAll(() => origin.close())

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/)
const value = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[ -~]{0,20}$/) },
  { weight: 2, arbitrary: fc.stringMatching(/^[\t -~\u0080-\u00ff]{0,8}$/) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
)
/** Not what is for the connection: it would be about the server. */
const hopByHop = /^(connection|transfer-encoding|content-length|keep-alive|te|trailer|upgrade|expect|date)$/i

/** Node keeps headers as the properties of an object, and so those that are numbers come first. */
const name = fc
  .oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.string({ maxLength: 4 }) })
  .filter((text) => !/^\d+$/.test(text))

const call: fc.Arbitrary<Call> = fc.record({
  path: fc
    .oneof(
      fc.webPath(),
      fc.string({ maxLength: 12 }).map((text) => `/${text.replace(/^[/\\]+/, '')}`),
    )
    // Node 20 loses the question mark of an empty query.
    .filter((path) => !/^[^?#]*\?(#|$)/.test(new URL(`http://origin${path}`).href)),
  method: fc.oneof(
    fc.constantFrom('GET', 'get', 'HEAD', 'POST', 'post', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
    fc.constantFrom('POST', 'PUT', 'GET', 'CONNECT', 'TRACE', 'a b', ''),
  ),
  headers: fc.array(fc.tuple(name, value), { maxLength: 4 }),
  body: fc.oneof(
    fc.constant(undefined),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 3 }).map((pairs) => new URLSearchParams(pairs)),
  ),
  redirect: fc.constantFrom('follow', 'follow', 'manual', 'error'),
})

const answer: fc.Arbitrary<Reply> = fc.record({
  status: fc.oneof(
    fc.constantFrom(200, 201, 204, 205, 301, 302, 303, 304, 307, 308, 404, 407, 429, 500),
    // Node repeats a 421 with headers against caches that its own bookkeeping has left behind.
    fc.integer({ min: 200, max: 599 }).filter((status) => status !== 421),
  ),
  reason: fc.stringMatching(/^[ -~]{0,12}$/),
  headers: fc
    .tuple(
      fc.array(fc.tuple(word, fc.stringMatching(/^[!-~\u00a1-\u00ff]{0,12}$/)), { maxLength: 4 }),
      fc.array(
        fc.oneof(
          fc
            .constantFrom('/landed', 'landed?x', '//', 'http://[', 'ftp://x/', '/landed/\u00e4#f')
            .map((to) => ['location', to] as const),
          fc.constantFrom('a=1', 'b=2; Path=/').map((cookie) => ['set-cookie', cookie] as const),
          fc
            .constantFrom('text/plain', 'application/json; charset=utf-8')
            .map((type) => ['content-type', type] as const),
        ),
        { maxLength: 2 },
      ),
    )
    .map(([some, known]) => [...some, ...known])
    .map((headers) => headers.filter(([name]) => !hopByHop.test(name) && !/^(content-encoding)$/i.test(name)))
    .filter((headers) => headers.filter(([name]) => name === 'location').length < 2),
  coding: fc.constantFrom('none', 'none', 'gzip', 'br'),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.string().map((text) => new TextEncoder().encode(text)),
  ),
})

/** Everything that a caller and an origin can see of one fetch. */
async function observe(fetch: Fetch, { path, method, headers, body, redirect }: Call): Promise<unknown> {
  const before = origin.requests.length
  const outcome = await outcomeOf(() =>
    fetch(origin.url + path, {
      method,
      headers: headers.map(([name, text]): [string, string] => [name, text]),
      redirect,
      ...(body === undefined ? {} : { body: body as string }),
    }),
  )
  return { outcome, requests: origin.requests.slice(before).map(shown) }
}

async function outcomeOf(start: () => Promise<Response>): Promise<unknown> {
  let response: Response
  try {
    response = await start()
  } catch (error) {
    return { rejected: error instanceof TypeError ? 'TypeError' : String(error) }
  }
  const { status, statusText, ok, redirected, type, url } = response
  const facts = { status, statusText, ok, redirected, type, url, headers: [...response.headers] }
  const clone = response.clone()
  const [text, buffer] = await Promise.all([response.text(), clone.arrayBuffer()])
  const { bodyUsed } = response
  const mime = await new Response(null, { headers: response.headers }).blob()
  return { ...facts, text, bytes: Buffer.from(buffer).toString('hex'), bodyUsed, mime: mime.type }
}

function shown({ method, url, rawHeaders, body }: SeenRequest): unknown {
  return { method, url, rawHeaders, body: body.toString('hex') }
}

const [model, ours] = bothFetches()

it('whatever is asked and whatever is answered, Node and we do the same', async () => {
  await fc.assert(
    fc.asyncProperty(call, answer, async (asked, answered) => {
      // Node 20 cannot send bytes a second time: it has given their memory away.
      const leads = answered.headers.some(([field]) => field === 'location')
      fc.pre(!(leads && asked.body instanceof Uint8Array))
      reply = answered
      expect(await observe(ours!.fetch, asked)).toEqual(await observe(model!.fetch, asked))
    }),
    { numRuns: 400 },
  )
})
