import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import axios from 'axios'
import got from 'got'
import { describe, expect, onTestFinished, test } from 'vitest'
import { getByAgent, rejectionOf } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

/** Far below the deadline of the tunnel, 5 s in the lab. */
const TIMEOUT_MS = 100

describe('the agent does without stack traces', () => {
  test.each([
    ['Error.stackTraceLimit = 0', () => void (Error.stackTraceLimit = 0)],
    ['an own Error.prepareStackTrace', () => void (Error.prepareStackTrace = () => 'none')],
  ])('with %s', async (_what, change) => {
    const { transport, headers } = await startLab()
    const before = { ...Error }
    onTestFinished(() => {
      Reflect.deleteProperty(Error, 'prepareStackTrace')
      Object.assign(Error, before)
    })
    change()
    expect((await getByAgent(transport, USERS_ME, { headers })).status).toBe(200)
  })
})

describe('the Host header', () => {
  test.each([
    ['of a URL', {}, 'discord.com'],
    ['of the default port', { port: 443 }, 'discord.com'],
    ['of another port', { port: 8443 }, 'discord.com:8443'],
  ])('%s is what Node itself writes', async (_what, options, host) => {
    const { transport } = await startLab()
    const request = https.get({ host: 'discord.com', path: '/', agent: transport.agent, ...options })
    request.on('error', () => undefined)
    expect(request.getHeader('host')).toBe(host)
    const gone = new Promise((resolve) => request.once('close', resolve))
    request.destroy()
    await gone
  })

  test('of a plain request has no default port', async () => {
    const { transport } = await startLab()
    const request = http.get('http://plain.lab/', { agent: transport.agent }).on('error', () => undefined)
    expect(request.getHeader('host')).toBe('plain.lab')
    const gone = new Promise((resolve) => request.once('close', resolve))
    request.destroy()
    await gone
  })
})

describe('while its tunnel opens, a request is ended by', () => {
  const silent = () => startLab({ fault: { kind: 'accept', verb: 'silence' } })

  test('the option timeout', async () => {
    const { transport } = await silent()
    const request = https.get(USERS_ME, { agent: transport.agent, timeout: TIMEOUT_MS })
    request.once('timeout', () => request.destroy(new Error('too late')))
    const [error] = (await once(request, 'error')) as [Error]
    expect(error.message).toBe('too late')
  })

  test('setTimeout', async () => {
    const { transport } = await silent()
    const request = https.get(USERS_ME, { agent: transport.agent })
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('too late')))
    const [error] = (await once(request, 'error')) as [Error]
    expect(error.message).toBe('too late')
  })

  test.each([['with', 5] as const, ['without', 0] as const])(
    "axios's timeout, %s redirects",
    async (_how, maxRedirects) => {
      const { transport } = await silent()
      const client = axios.create({ httpsAgent: transport.agent, proxy: false, timeout: TIMEOUT_MS })
      expect(await rejectionOf(client.get(USERS_ME, { maxRedirects }))).toMatchObject({
        code: 'ECONNABORTED',
      })
    },
  )

  test("got's timeout", async () => {
    const { transport } = await silent()
    const client = got.extend({ agent: { https: transport.agent }, retry: { limit: 0 } })
    expect(await rejectionOf(client.get(USERS_ME, { timeout: { request: TIMEOUT_MS } }))).toMatchObject({
      code: 'ETIMEDOUT',
    })
  })

  test('and not after setTimeout(0)', async () => {
    const { transport } = await startLab({
      fault: { kind: 'accept', verb: 'silence' },
      transport: { connectTimeoutMs: 2 * TIMEOUT_MS },
    })
    const request = https.get(USERS_ME, { agent: transport.agent, timeout: TIMEOUT_MS })
    let timeouts = 0
    request.on('timeout', () => (timeouts += 1))
    request.setTimeout(0)
    const [error] = (await once(request, 'error')) as [Error]
    expect(error).toMatchObject({ code: 'ERR_PROXY_TIMEOUT' })
    expect(timeouts).toBe(0)
  })
})

test('a timeout that has not fired while the tunnel opened counts on the connection too', async () => {
  const { transport, discord, headers, proxy } = await startLab()
  await getByAgent(transport, USERS_ME, { headers })
  proxy.freeze()
  const request = https.get(USERS_ME, { agent: transport.agent, headers, timeout: TIMEOUT_MS })
  request.once('timeout', () => request.destroy(new Error('too late')))
  const [error] = (await once(request, 'error')) as [Error]
  expect(error.message).toBe('too late')
  expect(discord.rest.requests).toHaveLength(1)
  proxy.thaw()
})

test('a timeout does not fire while an answer comes that takes longer in all', async () => {
  const { transport, discord, headers } = await startLab()
  discord.rest.intercept('/users/@me', () => ({
    body: Buffer.alloc(12),
    trickle: { bytes: 1, everyMs: 6 * (TIMEOUT_MS / 10) },
  }))
  const request = https.get(USERS_ME, { agent: transport.agent, headers, timeout: 5 * TIMEOUT_MS })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let timeouts = 0
  request.on('timeout', () => (timeouts += 1))
  expect(await text(response)).toHaveLength(12)
  expect(timeouts).toBe(0)
})
