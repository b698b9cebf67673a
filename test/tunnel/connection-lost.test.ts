import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { TransportError } from '../../src/index.js'
import { failureOf, getByAgent, getByDispatcher, getByFetch } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

const HOW = ['close', 'reset'] as const
const SCHEMES = ['http', 'https', 'socks5'] as const

describe.each(HOW)('a tunnel that the proxy cuts by %s', (how) => {
  test.each(SCHEMES)('while idle is replaced without the caller noticing (%s)', async (scheme) => {
    const { transport, proxy, headers, nextEvent } = await startLab({ scheme })
    const gets = {
      agent: () => getByAgent(transport, USERS_ME, { headers }),
      dispatcher: () => getByDispatcher(transport, USERS_ME, headers),
      fetch: () => getByFetch(transport, USERS_ME, headers),
    }
    for (const get of Object.values(gets)) {
      expect((await get()).status).toBe(200)
      const gone = nextEvent('tunnel-close')
      expect(proxy.cut(undefined, how)).toBe(1)
      await gone
      expect((await get()).status).toBe(200)
      const last = nextEvent('tunnel-close')
      proxy.cut()
      await last
    }
    expect(transport.stats().tunnels).toMatchObject({ open: 0, failed: 0, opened: 6 })
  })

  test('in the middle of a request is ERR_CONNECTION_LOST with ECONNRESET in the message', async () => {
    const { transport, proxy, discord, headers } = await startLab()
    discord.rest.intercept('/users/@me', () => ({ stall: true }))
    const failed = async (method: string): Promise<TransportError> => {
      const nth = discord.rest.requests.length + 1
      const error = failureOf(transport.fetch(USERS_ME, { method, headers }))
      await discord.rest.waitForRequest('/users/@me', { nth })
      proxy.cut(undefined, how)
      return error
    }
    for (const [method, retryable] of [
      ['GET', true],
      ['DELETE', true],
      ['POST', false],
      ['PATCH', false],
    ] as const) {
      const error = await failed(method)
      expect(error).toMatchObject({
        code: 'ERR_CONNECTION_LOST',
        phase: 'exchange',
        target: 'discord.com:443',
        proxy: proxy.url,
        retryable,
      })
      expect(error.message).toContain('ECONNRESET')
    }
  })

  test('in the middle of a body breaks the body, not the process', async () => {
    const { transport, proxy, discord } = await startLab()
    discord.cdn.intercept('/big', () => ({
      body: Buffer.alloc(1_000_000),
      trickle: { bytes: 10_000, everyMs: 20 },
    }))
    const response = await transport.fetch('https://cdn.discordapp.com/big')
    const body = failureOf(response.arrayBuffer())
    proxy.cut(undefined, how)
    expect(await body).toMatchObject({ code: 'ERR_CONNECTION_LOST', retryable: true })
    expect(transport.stats().tunnels.open).toBe(0)
  })

  test.each([
    ['GET', true],
    ['POST', false],
  ])('under a %s of node:https is the same failure, retryable: %s', async (method, retryable) => {
    const { transport, proxy, discord, headers } = await startLab()
    discord.rest.intercept('/users/@me', () => ({ stall: true }))
    const failed = failureOf(getByAgent(transport, USERS_ME, { headers, method }))
    await discord.rest.waitForRequest('/users/@me')
    proxy.cut(undefined, how)
    const error = await failed
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', phase: 'exchange', sent: 'maybe', retryable })
    expect(error).toMatchObject({
      proxy: proxy.url,
      target: 'discord.com:443',
      cause: { code: 'ECONNRESET' },
    })
    expect(error.message).toContain('ECONNRESET')
  })

  test('under the answer to node:https is the same failure, on a tunnel that has carried one before too', async () => {
    const { transport, proxy, discord, headers } = await startLab()
    await getByAgent(transport, USERS_ME, { headers })
    discord.rest.intercept('/users/@me', () => ({
      body: Buffer.alloc(1_000_000),
      trickle: { bytes: 10_000, everyMs: 20 },
    }))
    const request = get(USERS_ME, { agent: transport.agent, headers }).on('error', () => undefined)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const body = failureOf(text(response))
    proxy.cut(undefined, how)
    expect(await body).toMatchObject({ code: 'ERR_CONNECTION_LOST', phase: 'exchange', retryable: true })
    expect(response.errored).toBe(await body)
    expect(proxy.connections).toHaveLength(1)
  })
})

test('Discord ending the connection behind its answer is no failure', async () => {
  const { transport, proxy, discord, headers } = await startLab()
  discord.rest.intercept('/users/@me', () => ({ apply: true, headers: { connection: 'close' } }))
  for (let round = 0; round < 3; round++) {
    expect((await getByDispatcher(transport, USERS_ME, headers)).status).toBe(200)
  }
  expect(proxy.connections).toHaveLength(3)
})

test('the next request after a lost one has a new tunnel and maxTunnels is not used up', async () => {
  const { transport, proxy, discord, headers } = await startLab({ transport: { maxTunnels: 1 } })
  for (let round = 0; round < 3; round++) {
    discord.rest.respondOnce('/users/@me', { cut: 'before-headers', reset: true })
    expect((await failureOf(getByFetch(transport, USERS_ME, headers))).code).toBe('ERR_CONNECTION_LOST')
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
  }
  expect(proxy.peakOpen).toBe(1)
})

describe('what the caller ends is not lost', () => {
  test('a request keeps the error that Node has for it', async () => {
    const { transport, discord, headers } = await startLab()
    discord.rest.intercept('/users/@me', () => ({ stall: true }))
    const ends: ((request: ClientRequest) => unknown)[] = [
      (request) => request.destroy(),
      (request) => request.destroy(new Error('mine')),
      (request) => request.socket?.setTimeout(1, () => request.destroy(new Error('mine'))),
    ]
    for (const [index, end] of ends.entries()) {
      const request = get(USERS_ME, { agent: transport.agent, headers })
      const error = once(request, 'error')
      await discord.rest.waitForRequest('/users/@me', { nth: index + 1 })
      end(request)
      expect((await error)[0]).toMatchObject({ message: index === 0 ? 'socket hang up' : 'mine' })
    }
  })

  test('an answer too', async () => {
    const { transport, discord } = await startLab()
    discord.cdn.intercept('/big', () => ({
      body: Buffer.alloc(1_000_000),
      trickle: { bytes: 10_000, everyMs: 20 },
    }))
    const ends: ((request: ClientRequest, response: IncomingMessage) => unknown)[] = [
      (request) => request.destroy(),
      (_request, response) => response.destroy(new Error('aborted')),
    ]
    for (const end of ends) {
      const request = get('https://cdn.discordapp.com/big', { agent: transport.agent })
      request.on('error', () => undefined)
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const error = once(response.resume(), 'error')
      end(request, response)
      const [reason] = (await error) as [Error]
      expect(reason).toMatchObject({ message: 'aborted', name: 'Error' })
    }
  })
})
