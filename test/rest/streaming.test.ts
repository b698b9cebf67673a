import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, describe, expect, it } from 'vitest'
import { directTransport, rejection } from './support/fetches.js'
import { startOrigin, startRawOrigin } from './support/origin.js'
import { TransportError } from '../../src/index.js'

const MIB = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Sends without end, as fast as it is read, and counts. */
let sent = 0
let closed: Promise<unknown> = Promise.resolve()
const endless = await listen(
  createServer(({ url }, response) => {
    sent = 0
    if (url === '/gzip') response.setHeader('content-encoding', 'gzip')
    closed = once(response, 'close')
    const chunk = Buffer.alloc(64 * 1024)
    const write = (): void => {
      while (!response.destroyed) {
        sent += chunk.byteLength
        if (!response.write(chunk)) break
      }
    }
    response.on('drain', write)
    write()
  }),
)

/** Takes a body without keeping it. */
const sink = await listen(
  createServer((request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    request.on('end', () =>
      response.end(JSON.stringify({ sha256: hash.digest('hex'), headers: request.headers })),
    )
  }),
)

afterAll(() => Promise.all([endless.close(), sink.close()]))

async function listen(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Resolves when the endless origin has stopped, because its body is not read. */
async function stalled(): Promise<number> {
  for (let before = -1; before !== sent;) {
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return sent
}

describe('a download', () => {
  const transport = directTransport()

  it('comes no faster than it is read', async () => {
    const response = await transport.fetch(endless.url)
    const before = await stalled()
    // What the kernel holds on both sides, and no more than that.
    expect(before).toBeLessThan(16 * MIB)
    const reader = response.body!.getReader()
    let read = 0
    while (read < before + 4 * MIB) read += ((await reader.read()).value as Uint8Array).byteLength
    const after = await stalled()
    expect(after).toBeGreaterThan(before)
    expect(after - read).toBeLessThan(16 * MIB)
    await reader.cancel()
  })

  it('ends its connection when it is cancelled', async () => {
    const response = await transport.fetch(endless.url)
    await response.body!.cancel()
    await closed
  })

  it.each<[string, string, (response: Response) => unknown]>([
    ['its Response is garbage', '/', () => undefined],
    ['its Response and the body that was taken from it are garbage', '/', ({ body }) => body],
    ['its Response is garbage and its body compressed', '/gzip', () => undefined],
  ])('does not keep its tunnel where %s', async (_what, path, touch) => {
    await stalledAndForgotten(path, touch)
    const over = closed.then(() => true)
    const turn = () => new Promise<boolean>((resolve) => setTimeout(resolve, 20, false))
    do collectGarbage()
    while (!(await Promise.race([over, turn()])))
  })

  async function stalledAndForgotten(path: string, touch: (response: Response) => unknown): Promise<void> {
    touch(await transport.fetch(endless.url + path))
    await stalled()
  }

  it('that breaks in the middle fails with the name of what happened', async () => {
    const raw = await startRawOrigin((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na part')
      setImmediate(() => socket.destroy())
    })
    const response = await transport.fetch(raw.url)
    expect(response.status).toBe(200)
    const error = await rejection(response.text())
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', phase: 'exchange' })
    const reader = (await transport.fetch(raw.url)).body!.getReader()
    expect(Buffer.from((await reader.read()).value).toString()).toBe('a part')
    expect(await rejection(reader.read())).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    await raw.close()
  })

  it('that is shorter than it says fails too', async () => {
    const raw = await startRawOrigin((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\na part')
    })
    const error = await rejection((await transport.fetch(raw.url)).text())
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    await raw.close()
  })
})

describe('an upload', () => {
  const transport = directTransport()
  const block = Buffer.alloc(MIB, 'block ')

  /** 24 MiB, each as it is asked for. */
  function stream(counter: { bytes: number }): ReadableStream<Uint8Array> {
    return new ReadableStream(
      {
        pull(controller) {
          counter.bytes += block.byteLength
          controller.enqueue(Uint8Array.from(block))
          if (counter.bytes >= 24 * MIB) controller.close()
        },
      },
      { highWaterMark: 0 },
    )
  }

  it('goes no faster than it is taken', async () => {
    // Nobody reads what this one receives.
    const deaf = createServer()
    const { url, close } = await listen(deaf)
    const counter = { bytes: 0 }
    const pending = rejection(transport.fetch(url, { method: 'POST', body: stream(counter), duplex: 'half' }))
    await once(deaf, 'request')
    for (let before = -1; before !== counter.bytes;) {
      before = counter.bytes
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(counter.bytes).toBeLessThan(16 * MIB)
    await close()
    expect(await pending).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
  })

  it('of a large buffer, a stream and a form arrives whole', async () => {
    const whole = Buffer.concat(Array.from({ length: 24 }, () => block))
    const sha256 = createHash('sha256').update(whole).digest('hex')
    const post = async (body: unknown) => {
      const response = await transport.fetch(sink.url, { method: 'POST', body: body as string })
      return (await response.json()) as { sha256: string; headers: Record<string, string> }
    }
    expect(await post(whole)).toMatchObject({
      sha256,
      headers: { 'content-length': String(whole.byteLength) },
    })
    expect(await post(new Blob([whole]))).toMatchObject({ sha256 })
    expect(await post(stream({ bytes: 0 }))).toMatchObject({
      sha256,
      headers: { 'transfer-encoding': 'chunked' },
    })
  })

  it('may be answered before it is over', async () => {
    const raw = await startRawOrigin((socket) => {
      socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 9\r\n\r\ntoo large')
    })
    let cancelled = false
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024)),
      cancel: () => {
        cancelled = true
      },
    })
    const response = await transport.fetch(raw.url, { method: 'POST', body, duplex: 'half' })
    expect(response.status).toBe(413)
    expect(await response.text()).toBe('too large')
    expect(cancelled).toBe(true)
    await raw.close()
  })

  it('ends the generator that it reads when it is aborted', async () => {
    const { url, close } = await listen(createServer())
    const controller = new AbortController()
    let ended = false
    async function* generator(): AsyncGenerator<Uint8Array> {
      try {
        for (let chunks = 1; ; chunks += 1) {
          yield Buffer.alloc(1024)
          if (chunks === 3) controller.abort()
          await new Promise(setImmediate)
        }
      } finally {
        ended = true
      }
    }
    const init = { method: 'POST', body: generator(), duplex: 'half', signal: controller.signal }
    const error = await rejection(transport.fetch(url, init))
    await close()
    expect(error).toBe(controller.signal.reason)
    await expect.poll(() => ended).toBe(true)
  })

  it('ends the stream that it reads when the connection fails', async () => {
    const origin = await startOrigin((_request, response) => response.end())
    await origin.close()
    const cancelled = new Promise<unknown>((resolve) => {
      const body = new ReadableStream({ cancel: resolve })
      void rejection(transport.fetch(origin.url, { method: 'POST', body, duplex: 'half' }))
    })
    expect(await cancelled).toBeInstanceOf(TransportError)
  })
})
