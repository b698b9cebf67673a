import { once } from 'node:events'
import { expect } from 'vitest'
import type { DiscordTransport, TransportErrorCode } from '../../src/index.js'
import { UNKNOWN_HOST, type Case } from './case.js'
import { TransportError } from './subject.js'

/** What is refused today will be refused again: nothing is gained by waiting for it. */
const ONCE = { delivery: false }

/** The failure of a request and that of a WebSocket: the two faces must not disagree. */
async function failuresOf(transport: DiscordTransport, host: string): Promise<readonly unknown[]> {
  const ofFetch: unknown = await transport.fetch(`https://${host}/`).then(
    () => 'an answer',
    (error: unknown) => error,
  )
  const socket = transport.createWebSocket(`wss://${host}/`)
  const [ofSocket]: unknown[] = await once(socket, 'error').catch((error: unknown) => [error])
  return [ofFetch, ofSocket]
}

/** Which of our errors may come up with this code, whichever hop it is about. */
async function expectFailure(
  transport: DiscordTransport,
  host: string,
  code: TransportErrorCode,
): Promise<void> {
  for (const failure of await failuresOf(transport, host)) {
    expect(failure).toBeInstanceOf(TransportError)
    expect(failure).toMatchObject({ code, target: `${host}:443` })
  }
}

export const REFUSAL_CASES: readonly Case[] = [
  {
    title: 'wrong credentials, and none at all, are ERR_PROXY_AUTH on both faces',
    column: 'wrong credentials',
    needs: 'credentials',
    run: async ({ open, proxy }) => {
      expect(proxy.refusedUrls.length).toBeGreaterThan(0)
      for (const url of proxy.refusedUrls)
        await expectFailure(open({ ...ONCE, proxy: url }), 'discord.com', 'ERR_PROXY_AUTH')
    },
  },
  {
    title: 'a destination that its policy refuses is told from one that cannot be reached',
    column: 'denied',
    needs: 'policy',
    run: async ({ open, proxy }) => {
      await expectFailure(open(ONCE), proxy.deniedHost ?? '', proxy.says.denied ?? 'ERR_PROXY_DENIED')
    },
  },
  {
    title: 'a name that does not exist fails on both faces, and within the deadline',
    column: 'unknown name',
    run: async ({ open, proxy }) => {
      await expectFailure(open(ONCE), UNKNOWN_HOST, proxy.says.unknownName ?? 'ERR_TARGET_UNREACHABLE')
    },
  },
]
