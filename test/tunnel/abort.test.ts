import { describe, expect, test } from 'vitest'
import { deferred } from '../support/deferred.js'
import { getByFetch, rejectionOf } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

/** A reason that nothing but the caller's own signal can have. */
class Reason extends Error {
  override readonly name = 'Reason'
}

const REASONS = [new Reason('the user left'), 'a string', undefined] as const

describe.each(REASONS)("an AbortSignal's own reason (%s) comes out of fetch", (given) => {
  const abort = (controller: AbortController): unknown => {
    controller.abort(given)
    return controller.signal.reason
  }

  test('when it was aborted before', async () => {
    const { transport, proxy } = await startLab()
    const controller = new AbortController()
    const reason = abort(controller)
    expect(await rejectionOf(transport.fetch(USERS_ME, { signal: controller.signal }))).toBe(reason)
    expect(proxy.connections).toEqual([])
  })

  test('while it waits in the queue, and it is never sent', async () => {
    const { transport, discord, headers } = await startLab({ transport: { maxTunnels: 1 } })
    const release = deferred<undefined>()
    discord.rest.intercept('/users/@me', () => release.promise, { times: 1 })
    const first = getByFetch(transport, USERS_ME, headers)
    await discord.rest.waitForRequest('/users/@me')
    const controller = new AbortController()
    const queued = rejectionOf(transport.fetch(USERS_ME, { headers, signal: controller.signal }))
    const reason = abort(controller)
    expect(await queued).toBe(reason)
    release.resolve(undefined)
    expect((await first).status).toBe(200)
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
    expect(discord.rest.requestCount).toBe(2)
  })

  test('while the tunnel is being opened', async () => {
    const { transport, proxy } = await startLab({ fault: { kind: 'request', verb: 'silence' } })
    const controller = new AbortController()
    const fetched = rejectionOf(transport.fetch(USERS_ME, { signal: controller.signal }))
    await proxy.waitForConnection(({ target }) => target !== null)
    const reason = abort(controller)
    expect(await fetched).toBe(reason)
  })

  test('while the headers are awaited', async () => {
    const { transport, discord, headers } = await startLab()
    discord.rest.intercept('/users/@me', () => ({ stall: true }))
    const controller = new AbortController()
    const fetched = rejectionOf(transport.fetch(USERS_ME, { headers, signal: controller.signal }))
    await discord.rest.waitForRequest('/users/@me')
    const reason = abort(controller)
    expect(await fetched).toBe(reason)
  })

  test('while the body is read', async () => {
    const { transport, discord } = await startLab()
    discord.cdn.intercept('/big', () => ({
      body: Buffer.alloc(1_000_000),
      trickle: { bytes: 10_000, everyMs: 20 },
    }))
    const controller = new AbortController()
    const response = await transport.fetch('https://cdn.discordapp.com/big', { signal: controller.signal })
    const body = rejectionOf(response.arrayBuffer())
    const reason = abort(controller)
    expect(await body).toBe(reason)
  })
})

test('AbortSignal.timeout() comes out as its TimeoutError, not as a failure of the proxy', async () => {
  const { transport } = await startLab({ fault: { kind: 'request', verb: 'silence' } })
  const error = await rejectionOf(transport.fetch(USERS_ME, { signal: AbortSignal.timeout(50) }))
  expect(error).toBeInstanceOf(DOMException)
  expect(error).toMatchObject({ name: 'TimeoutError' })
})

test('an aborted request leaves its tunnel usable or closed, never stuck', async () => {
  const { transport, discord, headers } = await startLab({ transport: { maxTunnels: 1 } })
  for (let round = 0; round < 5; round++) {
    discord.rest.respondOnce('/users/@me', { stall: true })
    const controller = new AbortController()
    const fetched = rejectionOf(transport.fetch(USERS_ME, { headers, signal: controller.signal }))
    await discord.rest.waitForRequest('/users/@me', { nth: 2 * round + 1 })
    controller.abort()
    await fetched
    expect((await getByFetch(transport, USERS_ME, headers)).status).toBe(200)
  }
})
