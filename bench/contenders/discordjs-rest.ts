import { readFile } from 'node:fs/promises'
import type { RESTOptions } from '@discordjs/rest'
import { REST } from '@discordjs/rest'
import { check, PAYLOAD, type BenchClient } from '../contender.js'

/** discord.js sends one request at a time for a channel: so the sends go to many, as those of a busy bot do. */
const CHANNELS = 64

/** A client of @discordjs/rest, which discord.js uses. */
export function restClient(
  origin: string,
  options: Partial<RESTOptions>,
  close: () => Promise<void>,
): BenchClient {
  const rest = new REST({ ...options, api: `${origin}/api`, globalRequestsPerSecond: Infinity })
  rest.setToken('bench')
  let sends = 0
  const path = (): `/${string}` => `/channels/11000000000000${1_000 + (sends++ % CHANNELS)}/messages`
  const body: unknown = JSON.parse(PAYLOAD)
  return {
    async send() {
      check(200, await rest.post(path(), { body }))
    },
    async upload(file) {
      const files = [{ name: 'upload.bin', data: await readFile(file) }]
      check(200, await rest.post(path(), { body, files }))
    },
    async close() {
      rest.clearHandlerSweeper()
      rest.clearHashSweeper()
      await close()
    },
  }
}
