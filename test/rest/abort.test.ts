import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { bothFetches, directTransport, rejection } from './support/fetches.js'
import { startOrigin, startRawOrigin } from './support/origin.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** The answer that is open, and the wait for it. */
let open: ServerResponse | undefined
let arrived: () => void = () => undefined
const origin = await startOrigin(({ url }, response) => {
  open = response
  if (url === '/whole') response.end('the whole')
  else if (url === '/part') response.writeHead(200, { 'content-length': '100' }).write('a part')
  else if (url === '/redirect') response.writeHead(302, { location: '/silence' }).end()
  arrived()
})
afterAll(() => origin.close())

/** Resolves when the next request has arrived. */
function nextRequest(): Promise<void> {
  return new Promise((resolve) => {
    arrived = resolve
  })
}

beforeEach(() => {
  open = undefined
})

/** An origin that says nothing, and the wait for the head of a request: `origin` waits for the whole body. */
async function startDeafOrigin(): Promise<{ readonly url: string; readonly heard: Promise<void> }> {
  let onHead: () => void = () => undefined
  const heard = new Promise<void>((resolve) => (onHead = resolve))
  const deaf = await startRawOrigin(() => onHead())
  onTestFinished(() => deaf.close())
  return { url: deaf.url, heard }
}

describe.each(bothFetches())('$name', ({ fetch }) => {
  it('rejects at once, with the reason, where the signal is aborted already', async () => {
    const reason = new Error('changed my mind')
    const count = origin.requests.length
    expect(await rejection(fetch(`${origin.url}/whole`, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(await rejection(fetch(`${origin.url}/whole`, { signal: AbortSignal.abort() }))).toMatchObject({
      name: 'AbortError',
    })
    expect(origin.requests).toHaveLength(count)
  })

  it('looks at the arguments before it looks at the signal', async () => {
    expect(await rejection(fetch('/relative', { signal: AbortSignal.abort() }))).toBeInstanceOf(TypeError)
  })

  it.each([
    ['an Error', new Error('stop')],
    ['a text', 'stop'],
    ['null', null],
    ['0', 0],
  ])('rejects with %s while it waits for the answer, and ends the connection', async (_kind, reason) => {
    const controller = new AbortController()
    const pending = rejection(fetch(`${origin.url}/silence`, { signal: controller.signal }))
    await nextRequest()
    const closed = once(open!, 'close')
    controller.abort(reason)
    expect(await pending).toBe(reason)
    await closed
  })

  it('rejects with the TimeoutError of AbortSignal.timeout', async () => {
    const error = await rejection(fetch(`${origin.url}/silence`, { signal: AbortSignal.timeout(30) }))
    expect(error).toMatchObject({ name: 'TimeoutError' })
  })

  it('rejects while it follows a redirect', async () => {
    const controller = new AbortController()
    const pending = rejection(fetch(`${origin.url}/redirect`, { signal: controller.signal }))
    await nextRequest()
    await nextRequest()
    controller.abort()
    expect(await pending).toMatchObject({ name: 'AbortError' })
  })

  it.each(['text', 'json', 'arrayBuffer', 'blob'] as const)(
    'ends %s() that waits for the rest',
    async (method) => {
      const controller = new AbortController()
      const response = await fetch(`${origin.url}/part`, { signal: controller.signal })
      const pending = rejection(response[method]())
      const closed = once(open!, 'close')
      controller.abort()
      expect(await pending).toMatchObject({ name: 'AbortError' })
      expect(response.bodyUsed).toBe(true)
      await closed
    },
  )

  it('ends a stream that is being read', async () => {
    const controller = new AbortController()
    const response = await fetch(`${origin.url}/part`, { signal: controller.signal })
    const reader = response.body!.getReader()
    expect(Buffer.from((await reader.read()).value).toString()).toBe('a part')
    const pending = rejection(reader.read())
    controller.abort()
    expect(await pending).toMatchObject({ name: 'AbortError' })
    expect(await rejection(reader.closed)).toMatchObject({ name: 'AbortError' })
  })

  it('fails a body that is here but was not read', async () => {
    const controller = new AbortController()
    const response = await fetch(`${origin.url}/whole`, { signal: controller.signal })
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    expect(await rejection(response.text())).toMatchObject({ name: 'AbortError' })
  })

  it('leaves alone what was read before', async () => {
    const controller = new AbortController()
    const response = await fetch(`${origin.url}/whole`, { signal: controller.signal })
    expect(await response.text()).toBe('the whole')
    controller.abort()
    expect(response.status).toBe(200)
  })

  it('heeds the signal of a Request, and that of the init in its place', async () => {
    const first = new AbortController()
    const request = new Request(`${origin.url}/silence`, { signal: first.signal })
    const pending = rejection(fetch(request))
    await nextRequest()
    first.abort()
    expect(await pending).toMatchObject({ name: 'AbortError' })
    const second = new AbortController()
    const other = rejection(fetch(request, { signal: second.signal }))
    await nextRequest()
    second.abort(new Error('second'))
    expect(await other).toMatchObject({ message: 'second' })
  })
})

describe('transport.fetch', () => {
  const transport = directTransport()
  const single = directTransport({ maxTunnels: 1 })

  it('cancels the stream that it sends, with the reason', async () => {
    const { url, heard } = await startDeafOrigin()
    const controller = new AbortController()
    let reason: unknown
    const cancelled = new Promise<void>((resolve) => {
      const body = new ReadableStream({
        start: (stream) => stream.enqueue(Buffer.from('begun')),
        cancel: (given) => {
          reason = given
          resolve()
        },
      })
      const init = { method: 'POST', body, duplex: 'half', signal: controller.signal } as const
      void rejection(transport.fetch(url, init))
    })
    await heard
    controller.abort('enough')
    await cancelled
    expect(reason).toBe('enough')
  })

  it('heeds the signal of a Request that only the fetch still holds', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const pending = rejection(transport.fetch(new Request(`${origin.url}/silence`, { signal })))
    await nextRequest()
    // Node collects the controller behind the signal of a Request together with the Request.
    for (let turn = 0; turn < 5; turn++) {
      collectGarbage()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    controller.abort(new Error('still heard'))
    expect(await pending).toMatchObject({ message: 'still heard' })
  })

  it('leaves no listener on a signal that outlives its fetches', async () => {
    const controller = new AbortController()
    const { signal } = controller
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    }
    await (await transport.fetch(`${origin.url}/whole`, { signal })).text()
    await rejection(transport.fetch('http://127.0.0.1:1/', { signal }))
    await (await transport.fetch(`${origin.url}/part`, { signal })).body!.cancel()
    expect(listeners).toBe(0)
  })

  it('does not warn of a leak where many fetches share a signal', async () => {
    // A warning of the process fails the file (test/lab/leaks.ts).
    const controller = new AbortController()
    const pending = Array.from({ length: 30 }, () =>
      rejection(transport.fetch(`${origin.url}/silence`, { signal: controller.signal })),
    )
    await nextRequest()
    controller.abort(new Error('all of them'))
    for (const error of await Promise.all(pending)) expect(error).toMatchObject({ message: 'all of them' })
  })

  it('destroys a Node stream that it sends', async () => {
    const { url, heard } = await startDeafOrigin()
    const controller = new AbortController()
    const body = new Readable({ read: () => undefined })
    body.push('begun')
    const init = { method: 'POST', body: body as unknown as ReadableStream, signal: controller.signal }
    const pending = rejection(transport.fetch(url, init))
    await heard
    const closed = once(body, 'close')
    controller.abort()
    await closed
    expect(await pending).toMatchObject({ name: 'AbortError' })
  })

  it('takes an aborted request out of the queue and keeps the tunnels', async () => {
    const first = single.fetch(`${origin.url}/silence`)
    await nextRequest()
    const answer = open!
    const controller = new AbortController()
    const second = rejection(single.fetch(`${origin.url}/whole`, { signal: controller.signal }))
    controller.abort()
    expect(await second).toMatchObject({ name: 'AbortError' })
    answer.end('late')
    expect(await (await first).text()).toBe('late')
    expect(await (await single.fetch(`${origin.url}/whole`)).text()).toBe('the whole')
    expect(single.stats().tunnels.opened).toBe(1)
  })
})
