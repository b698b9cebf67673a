import { setTimeout as sleep } from 'node:timers/promises'
import { TransportError, type DiscordTransport } from '../../src/index.js'
import type { FakeDiscord } from '../lab/discord/index.js'

export interface MessageLoad {
  readonly transport: Pick<DiscordTransport, 'fetch'>
  readonly discord: FakeDiscord
  readonly sends: number
  /** Milliseconds between two sends; no send waits for another. */
  readonly everyMs: number
  /** Called before each send. */
  readonly before?: (index: number) => void
}

/** What became of the messages. */
export interface LoadReport {
  /** Those that exist at Discord. */
  readonly stored: number
  /** Those that exist more than once. */
  readonly doubled: readonly string[]
  /** Those that exist although the caller was told that nothing was sent, or the other way round. */
  readonly contradicted: readonly string[]
  /** What callers were told in place of an answer. */
  readonly failures: readonly string[]
}

/** Sends messages at a steady rate, and compares what the callers were told with what Discord has. */
export async function loadWithMessages({
  transport,
  discord,
  sends,
  everyMs,
  before,
}: MessageLoad): Promise<LoadReport> {
  const url = `https://discord.com/api/v10/channels/${discord.channelId}/messages`
  const headers = { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' }
  const send = async (content: string): Promise<TransportError | undefined> => {
    try {
      const response = await transport.fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ content }),
      })
      await response.arrayBuffer()
      if (!response.ok) throw new Error(`status ${response.status}`)
      return undefined
    } catch (error) {
      if (error instanceof TransportError) return error
      throw error
    }
  }
  const outcomes: Promise<TransportError | undefined>[] = []
  const beganAt = performance.now()
  for (let index = 0; index < sends; index += 1) {
    before?.(index)
    outcomes.push(send(`load ${index}`))
    await sleep(Math.max(0, beganAt + index * everyMs - performance.now()))
  }
  const ended = await Promise.all(outcomes)
  const contents = discord.messages.in(discord.channelId).map(({ content }) => content)
  const count = (content: string): number => contents.filter((one) => one === content).length
  const contradicted = ended.flatMap((error, index) => {
    const content = `load ${index}`
    const exists = count(content) > 0
    return error === undefined ? (exists ? [] : [content]) : error.sent === 'no' && exists ? [content] : []
  })
  return {
    stored: new Set(contents.filter((content) => content.startsWith('load '))).size,
    doubled: [...new Set(contents)].filter((content) => count(content) > 1),
    contradicted,
    failures: ended.flatMap((error) => (error === undefined ? [] : [`${error.code}: ${error.message}`])),
  }
}
