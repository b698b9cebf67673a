import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { CDN_HOST } from '../lab/discord/index.js'
import { failureOf, getByFetch, FACES } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'
import { post } from '../support/say.js'

/** A second deadline would be over later than the margin, on a busy machine too. */
const CONNECT_TIMEOUT_MS = 1_000
const MARGIN_MS = 900

const SILENT = { kind: 'accept', verb: 'silence' } as const

async function millisecondsOf(promise: Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await promise
  return performance.now() - startedAt
}

describe('a proxy that says nothing', () => {
  test('fails 200 requests behind two tunnels within one deadline', async () => {
    const { transport, proxy } = await startLab({
      fault: SILENT,
      transport: { connectTimeoutMs: CONNECT_TIMEOUT_MS, maxTunnels: 2 },
    })
    const requests = Array.from({ length: 200 }, () => failureOf(getByFetch(transport)))
    const took = await millisecondsOf(Promise.all(requests))

    expect(took).toBeLessThan(CONNECT_TIMEOUT_MS + MARGIN_MS)
    for (const request of requests) {
      expect(await request).toMatchObject({ code: 'ERR_PROXY_TIMEOUT', phase: 'tunnel', retryable: true })
    }
    expect(proxy.peakOpen).toBe(2)
    await Promise.all(proxy.connections.map(({ closed }) => closed))
    expect(proxy.connections).toHaveLength(2)
  })

  test('fails the requests to a second origin within the same deadline, with their own target', async () => {
    const { transport } = await startLab({
      fault: SILENT,
      transport: { connectTimeoutMs: CONNECT_TIMEOUT_MS, maxTunnels: 2 },
    })
    const first = Array.from({ length: 10 }, () => failureOf(getByFetch(transport)))
    const second = failureOf(getByFetch(transport, 'https://cdn.discordapp.com/attachments/1/2/a.png'))
    expect(await millisecondsOf(Promise.all([...first, second]))).toBeLessThan(CONNECT_TIMEOUT_MS + MARGIN_MS)
    expect(await second).toMatchObject({ code: 'ERR_PROXY_TIMEOUT', target: 'cdn.discordapp.com:443' })
  })

  test('fails no request that goes direct and has only waited for room', async () => {
    const dns = LocalDns.install({ [CDN_HOST]: '127.0.0.1' })
    const { createTransport, proxy, names } = await startLab({ fault: SILENT })
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: CDN_HOST }
    const transport = createTransport({ env, connectTimeoutMs: CONNECT_TIMEOUT_MS, maxTunnels: 1 })
    const silent = failureOf(getByFetch(transport))
    await wait(CONNECT_TIMEOUT_MS / 2)
    const port = names.resolve(CDN_HOST, 443)?.port ?? 0
    expect((await getByFetch(transport, `https://${CDN_HOST}:${port}/nothing`)).status).toBe(404)
    expect((await silent).code).toBe('ERR_PROXY_TIMEOUT')
    expect(dns.queries).toEqual([CDN_HOST])
  })

  test('fails each request that comes later with a deadline of its own', async () => {
    const { transport, proxy } = await startLab({
      fault: SILENT,
      transport: { connectTimeoutMs: CONNECT_TIMEOUT_MS, maxTunnels: 1 },
    })
    const first = failureOf(getByFetch(transport))
    await proxy.waitForConnection()
    await first
    const second = failureOf(getByFetch(transport))
    expect(await millisecondsOf(second)).toBeGreaterThan(CONNECT_TIMEOUT_MS - 10)
    expect((await second).code).toBe('ERR_PROXY_TIMEOUT')
  })

  test('holds a call that may be repeated no longer than one deadline either', async () => {
    const lab = await startLab({ fault: SILENT, transport: { delivery: true, connectTimeoutMs: 500 } })
    const call = failureOf(post(lab, 'never'))
    // A second attempt would have ended 500 ms and a wait later.
    expect(await millisecondsOf(call)).toBeLessThan(1_200)
    expect(await call).toMatchObject({ code: 'ERR_PROXY_TIMEOUT', sent: 'no' })
    expect(lab.proxy.connections).toHaveLength(1)
  })

  test('holds nobody back once it speaks again', async () => {
    const { transport, proxy, headers } = await startLab({
      fault: SILENT,
      transport: { connectTimeoutMs: CONNECT_TIMEOUT_MS },
    })
    await failureOf(getByFetch(transport))
    proxy.fault = undefined
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
  })

  test('names the milliseconds and the proxy, and hints at both causes', async () => {
    const { transport, proxy } = await startLab({
      fault: SILENT,
      transport: { connectTimeoutMs: CONNECT_TIMEOUT_MS },
    })
    const error = await failureOf(getByFetch(transport))
    expect(error.message).toBe(
      `The proxy ${proxy.url} did not answer the tunnel request within ${CONNECT_TIMEOUT_MS} ms`,
    )
    expect(error.hint).toContain('connectTimeoutMs')
  })
})

test('a destination that is silent behind an open tunnel is not blamed on the proxy', async () => {
  const { transport } = await startLab({
    fault: { kind: 'tunnel-silence' },
    transport: { connectTimeoutMs: CONNECT_TIMEOUT_MS },
  })
  const errors = await Promise.all(Object.values(FACES).map((reach) => failureOf(reach(transport))))
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'ERR_TARGET_TIMEOUT', phase: 'target-tls' })
    expect(error.message).toMatch(/^(discord\.com|gateway\.discord\.gg):443 /)
  }
})

test('a direct route that is silent names the destination, and no proxy', async () => {
  const { proxy, transport } = await startLab({
    fault: SILENT,
    transport: { proxy: false, connectTimeoutMs: CONNECT_TIMEOUT_MS },
  })
  const error = await failureOf(getByFetch(transport, `https://127.0.0.1:${proxy.port}/`))
  expect(error).toMatchObject({ code: 'ERR_TARGET_TIMEOUT', phase: 'target-tls', proxy: null })
  expect(error.hint).toContain('This route is direct')
})
