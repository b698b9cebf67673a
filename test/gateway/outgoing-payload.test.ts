import { GatewayOpcodes } from 'discord-api-types/v10'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSendQueue, encodePayload, sendsPerWindow } from '../../src/gateway/outgoing-payload.js'

/** https://discord.com/developers/docs/events/gateway#rate-limiting */
const SENDS_PER_MINUTE = 120
const MINUTE = 60_000

describe('the sends of a busy bot', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([41_250, 10_000])('stay below the limit with heartbeats each %i ms', async (intervalMs) => {
    const sentAt: number[] = []
    const queue = createSendQueue(1_000)
    queue.attach(sendsPerWindow(intervalMs), (_text, flushed) => {
      sentAt.push(performance.now())
      flushed()
    })
    for (let count = 0; count < 400; count += 1) void queue.push(`${count}`)
    await vi.advanceTimersByTimeAsync(5 * MINUTE)
    expect(sentAt).toHaveLength(400)
    const heartbeats = Math.ceil(MINUTE / intervalMs)
    for (const [index, at] of sentAt.entries()) {
      const within = sentAt.slice(index).filter((later) => later <= at + MINUTE).length
      expect(within + heartbeats).toBeLessThan(SENDS_PER_MINUTE)
    }
  })
})

describe('a payload', () => {
  const query = (text: string) =>
    encodePayload(GatewayOpcodes.RequestGuildMembers, { guild_id: '1', query: text, limit: 1 })
  const frame = Buffer.byteLength(query(''))

  it.each(['x', 'ü', '漢', '🎉'])('of %s may have 4096 bytes and no more', (letter) => {
    const count = Math.floor((4_096 - frame) / Buffer.byteLength(letter))
    expect(query(letter.repeat(count))).toContain(letter)
    expect(() => query(letter.repeat(count + 1))).toThrow(/bytes and Discord takes 4096$/)
  })
})
