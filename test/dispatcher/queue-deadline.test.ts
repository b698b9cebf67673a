import { setTimeout as wait } from 'node:timers/promises'
import { request, type Dispatcher } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createFetch } from '../../src/rest/fetch.js'
import { CDN_HOST } from '../lab/discord/index.js'
import { rejectionOf } from '../support/faces.js'
import { startLab, USERS_ME, type Lab } from '../support/lab.js'
import { openDispatcher } from './open-dispatcher.js'

const ME = 'GET /users/@me'
const BIG = Buffer.alloc(1024 * 1024, 'x')

/** Two requests that get no answer, on both tunnels of a transport. */
async function occupy(lab: Lab): Promise<readonly Promise<unknown>[]> {
  lab.discord.rest.intercept(ME, () => ({ stall: true }), { times: 2 })
  const sends = [1, 2].map(() => rejectionOf(lab.transport.fetch(USERS_ME, { headers: lab.headers })))
  await expect.poll(() => lab.discord.rest.requests.length).toBe(2)
  return sends
}

describe('a call of which nothing was sent fails at connectTimeoutMs', () => {
  const options = { maxTunnels: 2, connectTimeoutMs: 500, delivery: false } as const

  test('while every tunnel waits for an answer, and its error says so', async () => {
    const lab = await startLab({ transport: options })
    const sends = await occupy(lab)
    const startedAt = performance.now()
    const error = await rejectionOf(lab.transport.fetch(USERS_ME, { headers: lab.headers }))
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(500)
    expect(error).toMatchObject({
      code: 'ERR_TARGET_TIMEOUT',
      phase: 'exchange',
      sent: 'no',
      retryable: true,
      target: 'discord.com:443',
      message: 'No tunnel to discord.com:443 became free within 500 ms: of 2 tunnels, 2 wait for an answer',
    })
    expect(lab.discord.rest.requests).toHaveLength(2)
    await lab.transport.close()
    await Promise.all(sends)
  })

  test('while every tunnel is in use for another origin', async () => {
    const lab = await startLab({ transport: options })
    const sends = await occupy(lab)
    const error = await rejectionOf(lab.transport.fetch(`https://${CDN_HOST}/nothing`))
    expect(error).toMatchObject({
      code: 'ERR_TARGET_TIMEOUT',
      sent: 'no',
      target: `${CDN_HOST}:443`,
    })
    await lab.transport.close()
    await Promise.all(sends)
  })

  test('while every tunnel holds a response that its caller does not read', async () => {
    const lab = await startLab({ transport: options })
    lab.discord.rest.intercept(ME, () => ({ body: BIG }), { times: 2 })
    const unread = await Promise.all(
      [1, 2].map(() => lab.transport.fetch(USERS_ME, { headers: lab.headers })),
    )
    const error = await rejectionOf(lab.transport.fetch(USERS_ME, { headers: lab.headers }))
    expect(error).toMatchObject({
      code: 'ERR_TARGET_TIMEOUT',
      sent: 'no',
      message:
        'No tunnel to discord.com:443 became free within 500 ms: of 2 tunnels, 2 hold a response that is not read',
    })
    for (const { body } of unread) await body?.cancel()
    expect((await lab.transport.fetch(USERS_ME, { headers: lab.headers })).status).toBe(200)
  })

  test('each call by its own deadline, and those behind it are still served', async () => {
    const lab = await startLab({ transport: { ...options, connectTimeoutMs: 1_000 } })
    lab.discord.rest.intercept(ME, () => ({ apply: true, delayMs: 1_500 }), { times: 2 })
    const get = async (): Promise<number> =>
      (await lab.transport.fetch(USERS_ME, { headers: lab.headers })).status
    const slow = [get(), get()]
    await expect.poll(() => lab.discord.rest.requests.length).toBe(2)
    const early = rejectionOf(get())
    await wait(800)
    const late = get()
    expect(await early).toMatchObject({ code: 'ERR_TARGET_TIMEOUT', sent: 'no' })
    expect(await Promise.all([...slow, late])).toEqual([200, 200, 200])
  })
})

describe('a response of which nothing is read for unreadMs', () => {
  test.each<[string, (lab: Lab) => Promise<{ next: () => Promise<number>; read: () => Promise<unknown> }>]>([
    [
      'fetch',
      async (lab) => {
        const fetch = createFetch(openDispatcher(lab, { maxTunnels: 1, unreadMs: 200 }))
        const response = await fetch(USERS_ME, { headers: lab.headers })
        return {
          next: async () => (await fetch(USERS_ME, { headers: lab.headers })).status,
          read: () => response.text(),
        }
      },
    ],
    [
      'undici.request',
      async (lab) => {
        const dispatcher = openDispatcher(lab, { maxTunnels: 1, unreadMs: 200 })
        const { body } = await request(USERS_ME, { dispatcher, headers: lab.headers })
        return {
          next: async () => {
            const { statusCode, body: rest } = await request(USERS_ME, { dispatcher, headers: lab.headers })
            await rest.dump()
            return statusCode
          },
          read: () => body.text(),
        }
      },
    ],
  ])('gives its tunnel to the next call, and reading it then fails: %s', async (_name, open) => {
    const lab = await startLab()
    lab.discord.rest.intercept(ME, () => ({ body: BIG }), { times: 1 })
    const { next, read } = await open(lab)
    expect(await next()).toBe(200)
    expect(await rejectionOf(read())).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      sent: 'maybe',
      message: 'The response of discord.com:443 was not read for 200 ms, so its connection was closed',
    })
  })

  test.each([
    ['GET', true],
    ['POST', false],
  ])('of a %s fails as one that can be sent again: %s', async (method, retryable) => {
    const lab = await startLab()
    lab.discord.rest.intercept(`${method} /users/@me`, () => ({ body: BIG }), { times: 1 })
    const fetch = createFetch(openDispatcher(lab, { maxTunnels: 1, unreadMs: 100 }))
    const response = await fetch(USERS_ME, { method, headers: lab.headers })
    // Its tunnel is closed before another one is opened.
    expect((await fetch(USERS_ME, { headers: lab.headers })).status).toBe(200)
    expect(await rejectionOf(response.text())).toMatchObject({ sent: 'maybe', retryable })
  })

  test("is not cut off after a pause that was short, on undici's newer handlers", async () => {
    const lab = await startLab()
    const trickle = { bytes: 1, everyMs: 50 }
    lab.discord.rest.intercept(ME, () => ({ body: Buffer.alloc(10), trickle }), { times: 1 })
    const dispatcher = openDispatcher(lab, { maxTunnels: 1, unreadMs: 200 })
    const { origin, pathname: path } = new URL(USERS_ME)
    const read = new Promise<number>((resolve, reject) => {
      let bytes = 0
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        onResponseStart: (controller) => {
          controller.pause()
          setImmediate(() => controller.resume())
        },
        onResponseData: (_controller, chunk) => void (bytes += chunk.length),
        onResponseEnd: () => resolve(bytes),
        onResponseError: (_controller, error) => reject(error),
      }
      dispatcher.dispatch({ origin, path, method: 'GET', headers: lab.headers }, handler)
    })
    // Half a second, more than twice as long as it may be paused.
    expect(await read).toBe(10)
  })

  test('is closed after 30 seconds by default', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept(ME, () => ({ body: BIG }), { times: 1 })
    const timers = vi.spyOn(globalThis, 'setTimeout')
    onTestFinished(() => timers.mockRestore())
    const { body } = await lab.transport.fetch(USERS_ME, { headers: lab.headers })
    await expect.poll(() => timers.mock.calls.map(([, ms]) => ms)).toContain(30_000)
    await body?.cancel()
  })

  test('is not cut off while it is read slowly', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept(ME, () => ({ body: BIG }), { times: 1 })
    const fetch = createFetch(openDispatcher(lab, { maxTunnels: 1, unreadMs: 400 }))
    const response = await fetch(USERS_ME, { headers: lab.headers })
    let bytes = 0
    if (response.body === null) throw new Error('no body')
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength
      // Ten pauses of a quarter of the limit are longer than the limit.
      if (bytes < 10 * 16 * 1024) await wait(100)
    }
    expect(bytes).toBe(BIG.byteLength)
  })
})
