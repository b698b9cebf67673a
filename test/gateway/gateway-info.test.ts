import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TransportError } from '../../src/index.js'
import { GatewayInfoSource, type GatewayInfo } from '../../src/gateway/gateway-info.js'
import { failureOf } from './gateway-lab.js'

const TIMEOUT_MS = 30_000

const answer = {
  url: 'wss://gateway.discord.gg/elsewhere',
  shards: 4,
  session_start_limit: { total: 1_000, remaining: 7, reset_after: 60_000, max_concurrency: 16 },
}

let asked: number
let reply: (signal: AbortSignal) => Response | Promise<Response>
let lines: string[]
let answers: GatewayInfo[]
let source: GatewayInfoSource

beforeEach(() => {
  vi.useFakeTimers()
  asked = 0
  lines = []
  answers = []
  reply = () => Response.json(answer)
  source = new GatewayInfoSource(
    {
      fetch: async (_, { signal }) => {
        asked += 1
        return reply(signal)
      },
      createWebSocket: () => expect.unreachable(),
      hop: () => ({ proxy: null, target: '' }),
      onClosed: () => undefined,
      env: {},
    },
    { token: 'token', gatewayInfoTimeoutMs: TIMEOUT_MS },
    (line) => lines.push(line),
    (info) => answers.push(info),
  )
})

afterEach(() => {
  source.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** A proxy that swallows everything, and a fetch that ends as fetch does. */
function silence(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () =>
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')),
    ),
  )
}

function transportError(retryable: boolean): TransportError {
  return new TransportError('the proxy', {
    code: retryable ? 'ERR_PROXY_UNREACHABLE' : 'ERR_PROXY_AUTH',
    phase: 'tunnel',
    hint: '',
    retryable,
  })
}

describe('/gateway/bot', () => {
  it('is asked once for all who want to know within five minutes', async () => {
    const infos = await Promise.all([source.get(), source.get()])
    await source.get()
    expect(infos[0]).toMatchObject({ url: answer.url, shards: 4, sessionStartLimit: { maxConcurrency: 16 } })
    expect([asked, answers.length]).toEqual([1, 1])
    vi.advanceTimersByTime(5 * 60_000)
    await source.get()
    expect(asked).toBe(2)
  })

  it.each([
    ['a 500', () => new Response('', { status: 500 }), 'status 500'],
    ['a 429', () => new Response('', { status: 429 }), 'status 429'],
    ['no JSON', () => new Response('<html>'), 'JSON'],
    ['another shape', () => Response.json({ url: answer.url }), 'an answer of another shape'],
    [
      'a URL that would send the token in clear',
      () => Response.json({ ...answer, url: 'ws://x' }),
      'an answer of another shape',
    ],
    ['a proxy that is away', () => Promise.reject(transportError(true)), 'the proxy'],
  ])('gives way to the default URL after %s', async (_, failure, why) => {
    reply = failure
    expect(await source.get()).toEqual({
      url: 'wss://gateway.discord.gg/',
      shards: 1,
      sessionStartLimit: undefined,
    })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(why)
    expect(answers).toEqual([])
  })

  it('gives way to an older answer of its own rather than to the default', async () => {
    const first = await source.get()
    vi.advanceTimersByTime(5 * 60_000)
    reply = () => new Response('', { status: 502 })
    expect(await source.get()).toBe(first)
    expect(asked).toBe(2)
  })

  it('is logged once a minute, however often it fails', async () => {
    reply = () => new Response('', { status: 502 })
    for (let second = 0; second < 60; second += 10) {
      await source.get()
      vi.advanceTimersByTime(10_000)
    }
    expect([asked, lines.length]).toEqual([6, 1])
    await source.get()
    expect([asked, lines.length]).toEqual([7, 2])
  })

  it('may take gatewayInfoTimeoutMs', async () => {
    reply = silence
    const info = source.get()
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
    expect(lines).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(await info).toMatchObject({ url: 'wss://gateway.discord.gg/' })
    expect(lines[0]).toContain('no answer within 30000 ms')
  })

  it('does not give way where something has to be changed', async () => {
    reply = () => new Response('', { status: 401 })
    expect(await failureOf(source.get())).toMatchObject({ code: 'ERR_GATEWAY_AUTHENTICATION' })
    reply = () => Promise.reject(transportError(false))
    expect(await failureOf(source.get())).toMatchObject({ code: 'ERR_PROXY_AUTH' })
    expect(lines).toEqual([])
  })

  it('is asked again at once where the way is another one meanwhile', async () => {
    reply = silence
    const info = source.get()
    reply = () => Response.json(answer)
    source.renew()
    expect(await info).toMatchObject({ url: answer.url })
    expect(asked).toBe(2)
  })

  it('is asked until it answers, where nothing else will do', async () => {
    reply = () => new Response('', { status: 502 })
    await source.get()
    const info = source.insist()
    await vi.advanceTimersByTimeAsync(25_000)
    expect(asked).toBe(4)
    reply = () => Response.json(answer)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await info).toMatchObject({ shards: 4 })
  })

  it('is asked no more after close()', async () => {
    reply = silence
    const pending = failureOf(source.get())
    source.close()
    expect(await pending).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
    expect(await failureOf(source.get())).toMatchObject({ code: 'ERR_GATEWAY_CLOSED' })
    expect(asked).toBe(1)
  })
})
