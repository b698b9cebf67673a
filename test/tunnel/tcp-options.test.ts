import { describe, expect, test } from 'vitest'
import { watchConnects } from '../support/connects.js'
import { FACES, getByAgent } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

/** What Node has set on a socket. It offers no reader; these are its own notes, in symbols of these names. */
function tcpOptionsOf(socket: object): Record<string, unknown> {
  const noted = (name: string): unknown => {
    const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === name)
    return key === undefined ? undefined : Reflect.get(socket, key)
  }
  return {
    noDelay: noted('kSetNoDelay'),
    keepAlive: noted('kSetKeepAlive'),
    probeAfterSeconds: noted('kSetKeepAliveInitialDelay'),
  }
}

describe.each(['http', 'https', 'socks5', 'socks4a'] as const)('a tunnel through an %s proxy', (scheme) => {
  test('has no delay of small writes, and is probed after 15 seconds of silence', async () => {
    const { transport, proxy } = await startLab({ scheme })
    const seen: unknown[] = []
    watchConnects((socket) =>
      socket.once('connect', () => {
        if (socket.remotePort === proxy.port) seen.push(tcpOptionsOf(socket))
      }),
    )
    for (const reach of Object.values(FACES)) await reach(transport)
    // fetch uses the tunnel of the dispatcher.
    expect(seen).toEqual(Array(3).fill({ noDelay: true, keepAlive: true, probeAfterSeconds: 15 }))
  })

  test('is not probed more often while the agent keeps it for later', async () => {
    const { transport, headers } = await startLab({ scheme })
    await getByAgent(transport, USERS_ME, { headers })
    const idle = Object.values(transport.agent.freeSockets).flatMap((sockets) => sockets ?? [])
    expect(idle.map((socket) => tcpOptionsOf(socket)['probeAfterSeconds'])).toEqual([15])
  })
})
