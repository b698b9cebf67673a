import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { TransportError } from '../../../src/index.js'
import { startLab } from '../../support/lab.js'

const SENDS = 400
/** 100 a second. */
const EVERY_MS = 10

test('the death of the proxy in use under 100 sends a second loses no send and doubles none', async () => {
  const lab = await startLab()
  const { discord } = lab
  const second = await lab.startProxy({ scheme: 'socks5' })
  const transport = lab.createTransport({ proxy: [lab.proxy.url, second.url], delivery: true })
  const url = `https://discord.com/api/v10/channels/${discord.channelId}/messages`
  const headers = { ...lab.headers, 'content-type': 'application/json' }
  const outcomes: Promise<number | TransportError>[] = []
  const send = async (index: number): Promise<number | TransportError> => {
    try {
      const body = JSON.stringify({ content: `message ${index}` })
      const response = await transport.fetch(url, { method: 'POST', headers, body })
      await response.arrayBuffer()
      return response.status
    } catch (error) {
      if (error instanceof TransportError) return error
      throw error
    }
  }
  const beganAt = performance.now()
  for (let index = 0; index < SENDS; index += 1) {
    outcomes.push(send(index))
    // In the middle of the load, and back before its end.
    if (index === SENDS / 4) void lab.proxy.close()
    if (index === (SENDS * 3) / 4) await lab.startProxy({ port: lab.proxy.port })
    await sleep(Math.max(0, beganAt + index * EVERY_MS - performance.now()))
  }
  const ended = await Promise.all(outcomes)
  const stored = discord.messages.in(discord.channelId).map(({ content }) => content)
  expect(new Set(stored).size).toBe(stored.length)
  expect(ended.filter((outcome) => outcome !== 200)).toEqual([])
  expect(stored).toHaveLength(SENDS)
  expect(second.established.length).toBeGreaterThan(0)
  expect(transport.stats().proxyEvents['proxy-change']).toBeGreaterThanOrEqual(1)
})
