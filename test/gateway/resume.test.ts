import { afterEach, describe, expect, it } from 'vitest'
import { GatewayLab, next, recordDispatches, withLab } from './gateway-lab.js'

let lab: GatewayLab

afterEach(() => lab.close())

/** The numbers of LAB events, in the order in which they were dispatched. */
function numbers(dispatched: readonly { readonly t: string; readonly d: unknown }[]): unknown[] {
  return dispatched.filter(({ t }) => t === 'LAB').map(({ d }) => d)
}

/** No sequence twice, none out of order. */
function expectInOrder(dispatched: readonly { readonly s: number }[]): void {
  const sequences = dispatched.map(({ s }) => s)
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
}

/** At no time did the lab have two WebSockets open from this client. */
function expectNeverTwoSockets({ discord }: GatewayLab): void {
  expect(discord.gateway.peakConnections).toBe(1)
}

describe('a session is resumed, at its own URL, without losing an event', () => {
  const faults: readonly (readonly [name: string, fault: () => unknown, error: object | null])[] = [
    [
      'its tunnel is cut',
      () => lab.proxy.cut(),
      { code: 'ERR_CONNECTION_LOST', cause: { code: 'ECONNRESET' } },
    ],
    ['its tunnel ends with a FIN', () => lab.proxy.cut(undefined, 'close'), { code: 'ERR_CONNECTION_LOST' }],
    ['Discord drops it', () => lab.discord.gateway.terminateAll(), { code: 'ERR_CONNECTION_LOST' }],
    ['Discord asks for a reconnect', () => lab.discord.gateway.requestReconnect(), null],
    ['Discord calls the session invalid but resumable', () => lab.discord.gateway.invalidSession(true), null],
    ...[4000, 4001, 4002, 4003, 4005, 4008, 4999].map(
      (code) =>
        [`it is closed with ${code}`, () => lab.discord.gateway.closeAll(code), { closeCode: code }] as const,
    ),
    [
      'it sends what is no payload',
      () => lab.discord.gateway.connections[0]!.sendRaw('{"op":'),
      { code: 'ERR_GATEWAY_PAYLOAD' },
    ],
    [
      'it sends a READY without a session',
      () => lab.discord.gateway.connections[0]!.sendRaw('{"op":0,"t":"READY","s":9,"d":null}'),
      { code: 'ERR_GATEWAY_PAYLOAD' },
    ],
  ]
  it.each(faults)('after %s', async (_, fault, error) => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const dispatches = recordDispatches(gateway)
    lab.discord.gateway.dispatch('LAB', 1)
    await dispatches.waitFor(({ t }) => t === 'LAB')
    const reconnecting = next(gateway, 'reconnecting')
    const resumed = next(gateway, 'resumed')
    fault()
    lab.discord.gateway.dispatch('LAB', 2)
    expect(await reconnecting).toMatchObject({ shardId: 0, error, delayMs: 0, attempt: 1, resume: true })
    lab.discord.gateway.dispatch('LAB', 3)
    await resumed
    lab.discord.gateway.dispatch('LAB', 4)
    await dispatches.waitFor(({ d }) => d === 4)
    expect(numbers(dispatches.all)).toEqual([1, 2, 3, 4])
    expectInOrder(dispatches.all)
    expect(gateway.state).toBe('ready')
    expect(lab.discord.gateway.identifies).toHaveLength(1)
    const [{ connection } = { connection: undefined }] = lab.discord.gateway.resumes
    expect(connection?.upgrade.host).toBe(lab.discord.resumeHost)
  })

  it('when the proxy is killed and comes back', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const dispatches = recordDispatches(gateway)
    const { port } = lab.proxy
    const resumed = next(gateway, 'resumed')
    await lab.proxy.close()
    lab.discord.gateway.dispatch('LAB', 1)
    await lab.addProxy({ port })
    await resumed
    expect(numbers(dispatches.all)).toEqual([1])
    expect(lab.discord.gateway.identifies).toHaveLength(1)
  })

  it('when the transport moves to another proxy', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const dispatches = recordDispatches(gateway)
    const other = await lab.addProxy({ scheme: 'socks5' })
    const reconnecting = next(gateway, 'reconnecting')
    const resumed = next(gateway, 'resumed')
    for (let number = 0; number < 50; number += 1) lab.discord.gateway.dispatch('LAB', number)
    lab.transport.setProxy(other.url)
    for (let number = 50; number < 100; number += 1) lab.discord.gateway.dispatch('LAB', number)
    expect(await reconnecting).toMatchObject({ reason: 'the proxy was changed', error: null, delayMs: 0 })
    await resumed
    expect(numbers(dispatches.all)).toEqual(Array.from({ length: 100 }, (_, number) => number))
    expectInOrder(dispatches.all)
    expect(other.established.filter(({ target }) => target?.host !== 'discord.com')).toHaveLength(1)
    expect(lab.discord.gateway.identifies).toHaveLength(1)
    expectNeverTwoSockets(lab)
  })

  it('when a proxy refuses the resume host and allows the default one', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    lab.names.remove(lab.discord.resumeHost, 443)
    const resumed = next(gateway, 'resumed')
    lab.proxy.cut()
    await resumed
    const [{ connection } = { connection: undefined }] = lab.discord.gateway.resumes
    expect(connection?.upgrade.host).toBe('gateway.discord.gg')
    expect(lab.discord.gateway.identifies).toHaveLength(1)
  })

  it('from within a listener that asks for it in the middle of a replay', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const dispatches = recordDispatches(gateway)
    gateway.on('dispatch', ({ s }) => {
      if (s % 7 === 0) gateway.reconnect()
    })
    for (let number = 0; number < 20; number += 1) lab.discord.gateway.dispatch('LAB', number)
    await dispatches.waitFor(({ d }) => d === 19)
    expect(numbers(dispatches.all)).toEqual(Array.from({ length: 20 }, (_, number) => number))
    expectInOrder(dispatches.all)
  })
})

describe('a listener of reconnecting', () => {
  it('may ask for a reconnect of its own, and is not told of that one', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const reasons: string[] = []
    gateway.on('reconnecting', ({ reason }) => {
      reasons.push(reason)
      gateway.reconnect()
    })
    const resumed = next(gateway, 'resumed')
    lab.discord.gateway.requestReconnect()
    await resumed
    expect(reasons).toEqual(['Discord asked for a reconnect'])
    expectNeverTwoSockets(lab)
  })

  it('may change the proxy, and the next attempt goes through the other', async () => {
    lab = await GatewayLab.start()
    const gateway = await lab.connected()
    const other = await lab.addProxy()
    gateway.on('reconnecting', () => lab.transport.setProxy(other.url))
    const resumed = next(gateway, 'resumed')
    await lab.proxy.close()
    await resumed
    expect(other.established.map(({ target }) => target?.host)).toContain(lab.discord.resumeHost)
    expect(lab.discord.gateway.identifies).toHaveLength(1)
  })
})

describe.concurrent('a new session begins only where resume cannot be:', () => {
  const faults: readonly (readonly [name: string, fault: (lab: GatewayLab) => void])[] = [
    ['Discord calls it invalid', ({ discord }) => discord.gateway.invalidSession(false)],
    ['close code 4007', ({ discord }) => discord.gateway.closeAll(4007)],
    ['close code 4009', ({ discord }) => discord.gateway.closeAll(4009)],
    [
      'Discord has forgotten it',
      ({ discord }) => {
        discord.gateway.terminateAll()
        discord.gateway.forgetSessions()
      },
    ],
  ]
  it.each(faults)('%s', (_, fault) =>
    withLab({}, async (lab) => {
      const gateway = await lab.connected()
      const ready = next(gateway, 'ready')
      fault(lab)
      await ready
      expect(gateway.state).toBe('ready')
      expect(lab.discord.gateway.identifies).toHaveLength(2)
      expect(lab.discord.gateway.sessionStarts.violations).toBe(0)
      expectNeverTwoSockets(lab)
    }),
  )

  it('a payload that cannot be read in any replay', () =>
    withLab({ replayLimit: 10 }, async (lab) => {
      const gateway = await lab.connected({ maxPayload: 4_096 })
      const ready = next(gateway, 'ready')
      const reconnecting = next(gateway, 'reconnecting')
      lab.discord.gateway.dispatch('LAB', 'x'.repeat(8_192))
      expect(await reconnecting).toMatchObject({
        error: { code: 'ERR_GATEWAY_PAYLOAD', hint: 'Raise maxPayload if the payload is wanted.' },
        resume: true,
      })
      await ready
      expect(lab.discord.gateway.resumes).toHaveLength(2)
    }))
})

describe('a dead connection', () => {
  it('that answers pings is a zombie when it does not acknowledge heartbeats', async () => {
    lab = await GatewayLab.start({ heartbeatIntervalMs: 500 })
    const gateway = await lab.connected()
    lab.discord.gateway.stopAcknowledging()
    const reconnecting = await next(gateway, 'reconnecting')
    expect(reconnecting).toMatchObject({ reason: expect.stringContaining('did not acknowledge') as unknown })
    lab.discord.gateway.resumeAcknowledging()
    await next(gateway, 'resumed')
  })

  it('is told from a living one that was silent for long', async () => {
    lab = await GatewayLab.start({ heartbeatIntervalMs: 500 })
    const gateway = await lab.connected()
    let reconnects = 0
    gateway.on('reconnecting', () => (reconnects += 1))
    await lab.discord.gateway.waitForPayload(1, { nth: 10 })
    expect(reconnects).toBe(0)
    expect(gateway.ping).toBeGreaterThan(0)
  })
})

it('a heartbeat is sent at once when Discord asks for one', async () => {
  lab = await GatewayLab.start()
  await lab.connected()
  lab.discord.gateway.requestHeartbeat()
  const { d } = await lab.discord.gateway.waitForPayload(1)
  expect(d).toBe(2)
})

it('a listener that throws harms neither the stream nor the session', async () => {
  lab = await GatewayLab.start()
  const gateway = await lab.connected()
  const dispatches = recordDispatches(gateway)
  const thrown = new Promise<unknown>((resolve) => process.once('uncaughtExceptionMonitor', resolve))
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', () =>
    others.forEach((listener) => process.on('uncaughtException', listener)),
  )
  gateway.once('dispatch', () => {
    throw new Error('the bot has a bug')
  })
  lab.discord.gateway.dispatch('LAB', 1)
  lab.discord.gateway.dispatch('LAB', 2)
  await dispatches.waitFor(({ d }) => d === 2)
  expect(await thrown).toMatchObject({ message: 'the bot has a bug' })
  expect(gateway.state).toBe('ready')
  expect(lab.discord.gateway.allConnections).toHaveLength(1)
})

it('a resume URL that would send the token in clear is not used', async () => {
  lab = await GatewayLab.start()
  const gateway = await lab.connected({ compression: 'none' })
  const d = { session_id: gateway.session?.id, resume_gateway_url: `ws://${lab.discord.resumeHost}` }
  const ready = next(gateway, 'ready')
  lab.discord.gateway.connections[0]!.sendText(JSON.stringify({ op: 0, t: 'READY', s: 2, d }))
  await ready
  expect(gateway.session?.resumeUrl).toBe('wss://gateway.discord.gg/')
})
