import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TransportError } from '../../src/index.js'
import type { GatewayBotInfo } from '../../src/discord/gateway-bot.js'
import {
  askDiscord,
  GatewayLookup,
  type FoundGateway,
  type LookupCall,
} from '../../src/gateway/gateway-lookup.js'
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
let answers: GatewayBotInfo[]
let lookup: GatewayLookup
let client: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  asked = 0
  lines = []
  answers = []
  client = new AbortController()
  reply = () => Response.json(answer)
  lookup = new GatewayLookup({
    name: 'GET /gateway/bot',
    ask: (signal) =>
      askDiscord(async () => {
        asked += 1
        return reply(signal)
      }),
    onAnswer: (info) => answers.push(info),
  })
})

afterEach(() => {
  client.abort()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const call = ({ signal } = client): LookupCall => ({
  signal,
  timeoutMs: TIMEOUT_MS,
  log: (line) => lines.push(line),
})

const get = (): Promise<FoundGateway> => lookup.get(call())

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
    const infos = await Promise.all([get(), get()])
    await get()
    expect(infos[0]).toMatchObject({
      url: answer.url,
      shards: 4,
      session_start_limit: { max_concurrency: 16 },
    })
    expect([asked, answers.length]).toEqual([1, 1])
    vi.advanceTimersByTime(5 * 60_000)
    await get()
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
    expect(await get()).toEqual({
      url: 'wss://gateway.discord.gg/',
      shards: 1,
      session_start_limit: undefined,
    })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(why)
    expect(answers).toEqual([])
  })

  it('gives way to an older answer of its own rather than to the default', async () => {
    const first = await get()
    vi.advanceTimersByTime(5 * 60_000)
    reply = () => new Response('', { status: 502 })
    expect(await get()).toBe(first)
    expect(asked).toBe(2)
  })

  it('is logged once a minute, however often it fails', async () => {
    reply = () => new Response('', { status: 502 })
    for (let second = 0; second < 60; second += 10) {
      await get()
      vi.advanceTimersByTime(10_000)
    }
    expect([asked, lines.length]).toEqual([6, 1])
    await get()
    expect([asked, lines.length]).toEqual([7, 2])
  })

  it('may take gatewayInfoTimeoutMs, and is ended then', async () => {
    let signalled: AbortSignal | undefined
    reply = (signal) => {
      signalled = signal
      return silence(signal)
    }
    const info = get()
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
    expect(lines).toEqual([])
    expect(signalled?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await info).toMatchObject({ url: 'wss://gateway.discord.gg/' })
    expect(signalled?.aborted).toBe(true)
    expect(lines[0]).toContain('no answer within 30000 ms')
  })

  it('does not give way where something has to be changed', async () => {
    reply = () => new Response('', { status: 401 })
    expect(await failureOf(get())).toMatchObject({ code: 'ERR_GATEWAY_AUTHENTICATION' })
    reply = () => Promise.reject(transportError(false))
    expect(await failureOf(get())).toMatchObject({ code: 'ERR_PROXY_AUTH' })
    expect(lines).toEqual([])
  })

  it('is asked again at once where the way is another one meanwhile', async () => {
    reply = silence
    const info = get()
    reply = () => Response.json(answer)
    lookup.renew()
    expect(await info).toMatchObject({ url: answer.url })
    expect(asked).toBe(2)
  })

  it('is asked until it answers, where nothing else will do', async () => {
    reply = () => new Response('', { status: 502 })
    await get()
    const info = lookup.insist(call())
    await vi.advanceTimersByTimeAsync(25_000)
    expect(asked).toBe(4)
    reply = () => Response.json(answer)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await info).toMatchObject({ shards: 4 })
  })

  it('is asked no longer when the last client that waits for it is closed', async () => {
    let signalled: AbortSignal | undefined
    reply = (signal) => {
      signalled = signal
      return silence(signal)
    }
    const other = new AbortController()
    const first = failureOf(get())
    const second = failureOf(lookup.get(call(other)))
    client.abort(new Error('closed'))
    expect(await first).toMatchObject({ message: 'closed' })
    expect(signalled?.aborted).toBe(false)
    other.abort(new Error('closed too'))
    expect(await second).toMatchObject({ message: 'closed too' })
    expect(signalled?.aborted).toBe(true)
    expect(asked).toBe(1)
  })

  it('is asked again for a client that comes after the one that was closed', async () => {
    reply = silence
    const other = new AbortController()
    const first = failureOf(lookup.get(call(other)))
    other.abort(new Error('closed'))
    await first
    reply = () => Response.json(answer)
    expect(await get()).toMatchObject({ shards: 4 })
    expect(asked).toBe(2)
  })

  const rateLimited = (seconds: string): Response =>
    new Response('{}', { status: 429, headers: { 'retry-after': seconds } })

  it('is asked again when the time of a 429 is over, and not before', async () => {
    reply = () => rateLimited('2.5')
    const found = get()
    await vi.advanceTimersByTimeAsync(2_499)
    expect(asked).toBe(1)
    reply = () => Response.json(answer)
    await vi.advanceTimersByTimeAsync(1)
    expect(await found).toMatchObject({ url: answer.url })
    expect(asked).toBe(2)
  })

  it('gives way to the default URL for the time of a 429 that is longer than gatewayInfoTimeoutMs', async () => {
    reply = () => rateLimited('60')
    expect(await get()).toMatchObject({ url: 'wss://gateway.discord.gg/' })
    vi.advanceTimersByTime(59_999)
    await get()
    expect(asked).toBe(1)
    vi.advanceTimersByTime(1)
    await get()
    expect(asked).toBe(2)
  })
})
