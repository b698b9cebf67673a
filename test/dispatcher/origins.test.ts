import { errors, request, type Dispatcher } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Pools } from '../../src/dispatcher/pools.js'
import { failureOf, getByDispatcher } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

const { origin: DISCORD, pathname: PATH } = new URL(USERS_ME)

describe('the origin of a request to the dispatcher', () => {
  test.each<[string, string | URL | undefined]>([
    ['a path', new URL('https://discord.com/api/webhooks/1/secret')],
    ['a query', 'https://discord.com?secret'],
    ['credentials', 'https://user:secret@discord.com'],
    ['another scheme', 'ftp://discord.com'],
    ['a WebSocket scheme', 'wss://gateway.discord.gg'],
    ['no URL', 'discord.com/secret'],
    ['nothing', ''],
    ['nothing at all', undefined],
  ])('is refused with %s, and opens nothing', async (_what, origin) => {
    const { transport, proxy } = await startLab()
    const handler: Dispatcher.DispatchHandler = { onRequestStart: () => undefined }
    const options = { path: '/', method: 'GET', ...(origin === undefined ? {} : { origin }) } as const
    let error: unknown
    try {
      transport.dispatcher.dispatch(options, handler)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(errors.InvalidArgumentError)
    expect(String(error)).not.toContain('secret')
    await transport.close()
    expect(proxy.connections).toHaveLength(0)
  })

  test('in another spelling has the same tunnels', async () => {
    const { transport, proxy, headers } = await startLab()
    for (const origin of [DISCORD, `${DISCORD}/`, new URL(DISCORD), 'HTTPS://discord.com:443']) {
      const { statusCode, body } = await transport.dispatcher.request({
        origin,
        path: PATH,
        method: 'GET',
        headers,
      })
      expect(statusCode).toBe(200)
      await body.dump()
    }
    const { body } = await request(USERS_ME, { dispatcher: transport.dispatcher, headers })
    await body.dump()
    expect(proxy.connections).toHaveLength(1)
  })
})

// A bot that follows the links of its users meets new hosts every day.
test('an origin whose last tunnel is closed is forgotten, and so is one that has had none', async () => {
  const asked = vi.spyOn(Pools.prototype, 'of')
  onTestFinished(() => asked.mockRestore())
  const { transport, proxy, headers } = await startLab({ transport: { keepAliveMs: 1 } })
  for (const host of ['one', 'two', 'three'])
    await failureOf(getByDispatcher(transport, `https://${host}.invalid/`))
  await getByDispatcher(transport, USERS_ME, headers)
  expect(proxy.established).toHaveLength(1)
  const [pools] = asked.mock.contexts
  if (!(pools instanceof Pools)) throw new Error('no origin was asked for')
  await expect.poll(() => pools.all).toEqual([])
})
