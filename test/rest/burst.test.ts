import { describe, expect, test } from 'vitest'
import { CDN_HOST } from '../lab/discord/index.js'
import { USERS_ME, startLab, type Lab } from '../support/lab.js'
import { say } from '../support/say.js'

/** What a small proxy has room for. */
const ROOM = 10

/** How often each message arrived. */
function arrivals({ discord }: Lab): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { method, json } of discord.rest.requests) {
    if (method !== 'POST' || typeof json !== 'object' || json === null || !('content' in json)) continue
    const content = String(json.content)
    counts.set(content, (counts.get(content) ?? 0) + 1)
  }
  return counts
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, number) => `message ${number}`)

describe('hundreds of sends at once through a proxy that allows ten connections', () => {
  test.each<[string, { maxTunnels?: number; delivery?: false }]>([
    ['as it comes', {}],
    ['with as many tunnels', { maxTunnels: ROOM }],
    ['without any repeat', { delivery: false }],
  ])('all arrive, once: %s', async (_name, options) => {
    const lab = await startLab({ maxConnections: ROOM })
    // The queue's deadline is not the subject here, and a busy machine needs its time.
    const transport = lab.createTransport({ connectTimeoutMs: 20_000, ...options })
    const messages = numbered(400)
    const statuses = await Promise.all(messages.map((content) => say(lab, content, { transport })))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect([...arrivals(lab).keys()].sort()).toEqual([...messages].sort())
    expect(new Set(arrivals(lab).values())).toEqual(new Set([1]))
    expect(lab.proxy.peakOpen).toBeLessThanOrEqual(ROOM)
    if (options.maxTunnels !== undefined) expect(lab.proxy.dropped).toBe(0)
  })

  test('with a gateway socket open, which takes one of the ten', async () => {
    const lab = await startLab({ maxConnections: ROOM })
    const transport = lab.createTransport()
    const socket = transport.createWebSocket('wss://gateway.discord.gg/?v=10&encoding=json')
    await new Promise((resolve) => socket.once('message', resolve))
    const statuses = await Promise.all(numbered(200).map((content) => say(lab, content, { transport })))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(socket.readyState).toBe(socket.OPEN)
    socket.terminate()
  })

  test('over a proxy that is far away, too', async () => {
    const lab = await startLab({ maxConnections: ROOM, delayMs: 20 })
    const transport = lab.createTransport()
    const statuses = await Promise.all(numbered(200).map((content) => say(lab, content, { transport })))
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})

describe('maxTunnels', () => {
  test.each([1, 3, 16])('%i are never exceeded', async (maxTunnels) => {
    const lab = await startLab({ transport: { maxTunnels } })
    const statuses = await Promise.all(numbered(100).map((content) => say(lab, content)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(lab.proxy.peakOpen).toBeLessThanOrEqual(maxTunnels)
    expect(lab.proxy.connections.length).toBeLessThanOrEqual(maxTunnels)
  })

  test('is 100 by default', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept('POST /channels/:id/messages', () => ({ stall: true }))
    const sends = Promise.allSettled(numbered(150).map((content) => say(lab, content)))
    await expect.poll(() => lab.transport.stats().tunnels.open, { timeout: 4_000 }).toBe(100)
    await lab.transport.close()
    await sends
    expect(lab.proxy.peakOpen).toBe(100)
  })

  test('messages arrive in the order in which they were sent, over one tunnel', async () => {
    const lab = await startLab({ transport: { maxTunnels: 1 } })
    const messages = numbered(50)
    await Promise.all(messages.map((content) => say(lab, content)))
    expect([...arrivals(lab).keys()]).toEqual(messages)
  })
})

describe('a burst to one origin leaves the others their turn', () => {
  test.each([1, 2])(
    'a download begun behind 300 sends is not the last to end, over %i tunnels',
    async (maxTunnels) => {
      const lab = await startLab({ transport: { maxTunnels } })
      const order: string[] = []
      const sends = numbered(300).map(async (content) => {
        await say(lab, content)
        order.push('send')
      })
      const download = lab.transport.fetch(`https://${CDN_HOST}/nothing`).then(async (response) => {
        await response.arrayBuffer()
        order.push('download')
      })
      await Promise.all([...sends, download])
      expect(order.indexOf('download')).toBeLessThan(150)
    },
  )

  test.each([undefined, 4])(
    'two bursts share four tunnels, and both arrive (room for %s)',
    async (maxConnections) => {
      const room = maxConnections === undefined ? {} : { maxConnections }
      const lab = await startLab({ ...room, transport: { maxTunnels: 4, delivery: true } })
      const get = async (url: string): Promise<number> => {
        const response = await lab.transport.fetch(url, { headers: lab.headers })
        await response.arrayBuffer()
        return response.status
      }
      const rest = Array.from({ length: 100 }, () => get(USERS_ME))
      const cdn = Array.from({ length: 100 }, () => get(`https://${CDN_HOST}/nothing`))
      expect(new Set(await Promise.all(rest))).toEqual(new Set([200]))
      expect(new Set(await Promise.all(cdn))).toEqual(new Set([404]))
      // One more while a tunnel of the one gives way to a tunnel of the other.
      expect(lab.proxy.peakOpen).toBeLessThanOrEqual(5)
    },
  )
})
