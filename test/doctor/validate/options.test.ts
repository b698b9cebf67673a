import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { validateProxy, type ValidateOptions } from '../../../src/index.js'
import { startLab, type Lab } from '../../support/lab.js'
import { watchThreads } from '../../support/threads.js'

const GATEWAY_URL = 'https://discord.com/api/v10/gateway'

/** One allowed URL through the lab's proxy. */
function reachDiscord(lab: Lab, options: ValidateOptions = {}): ReturnType<typeof validateProxy> {
  const tls = { ca: lab.discord.ca }
  return validateProxy({
    proxyUrl: lab.proxy.url,
    env: {},
    tls,
    allowedUrls: [GATEWAY_URL],
    deniedUrls: [],
    ...options,
  })
}

test.each([
  ['a value', 'Bearer one'],
  ['a function', () => Promise.resolve('Bearer one')],
])('the proxy gets the header of proxyAuthorization: %s', async (_kind, proxyAuthorization) => {
  const lab = await startLab({ auth: { authorization: 'Bearer one' } })
  expect(await reachDiscord(lab, { proxyAuthorization })).toMatchObject({ ok: true })
  const { checks } = await reachDiscord(lab)
  expect(checks).toMatchObject([{ ok: false, error: expect.stringMatching(/^ERR_PROXY_AUTH/) as string }])
})

test('each proxy of a list gets the header of its own entry', async () => {
  const lab = await startLab({ auth: { authorization: 'Bearer first' } })
  const second = await lab.startProxy({ auth: { authorization: 'Bearer second' } })
  const proxyUrl = [
    { url: lab.proxy.url, proxyAuthorization: 'Bearer first' },
    { url: second.url, proxyAuthorization: () => 'Bearer second' },
  ]
  const { checks } = await reachDiscord(lab, { proxyUrl })
  expect(checks.map(({ ok }) => ok)).toEqual([true, true])
})

test('each destination has five seconds by default', async () => {
  const lab = await startLab()
  const timeout = vi.spyOn(AbortSignal, 'timeout')
  onTestFinished(() => timeout.mockRestore())
  expect(await reachDiscord(lab)).toMatchObject({ ok: true })
  // The tunnel has exactly this time, and the question a little more.
  expect(Math.floor(Math.max(...timeout.mock.calls.flat()) / 1_000)).toBe(5)
})

test('the thread of a PAC script ends with the validation', async () => {
  const lab = await startLab()
  const threads = watchThreads()
  const script = `function FindProxyForURL() { return 'PROXY 127.0.0.1:${lab.proxy.port}' }`
  const proxyUrl = `pac+data:,${encodeURIComponent(script)}`
  expect(await reachDiscord(lab, { proxyUrl, timeoutMs: 20_000 })).toMatchObject({ ok: true })
  expect(threads).toHaveLength(1)
  await threads[0]?.ended
})

test('a canary that was reached fails, also where its answer is lost on the way back', async () => {
  const proxy = createServer((request) => {
    get(request.url ?? '', (answer) => {
      answer.resume()
      request.socket.destroy()
    })
  }).on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'))
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => new Promise((resolve) => proxy.close(() => resolve())))
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const { ok, checks } = await validateProxy({ proxyUrl, env: {}, allowedUrls: [] })
  expect(ok).toBe(false)
  const error = expect.stringContaining('the loopback canary was reached') as string
  expect(checks).toMatchObject([{ kind: 'canary', ok: false, status: null, error }])
})
