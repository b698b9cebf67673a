import { on, once } from 'node:events'
import { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { GatewayIntentBits, GatewayOpcodes } from 'discord-api-types/v10'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { startDiscord, type FakeDiscord } from './discord/index.js'
import { connectLabDirectly } from './discord/loopback.js'
import { LabNames } from './names.js'

let discord: FakeDiscord
let direct: Disposable
let clients: WebSocket[]

beforeEach(async () => {
  const names = new LabNames()
  clients = []
  discord = await startDiscord({ names, replayLimit: 5 })
  direct = connectLabDirectly(names, discord.ca)
})

afterEach(async () => {
  for (const client of clients) client.terminate()
  direct[Symbol.dispose]()
  await discord.close()
})

const payloadSchema = z.object({
  op: z.number(),
  d: z.unknown(),
  s: z.number().nullable(),
  t: z.string().nullable(),
})
type Payload = z.infer<typeof payloadSchema>

const readySchema = z.object({ session_id: z.string(), resume_gateway_url: z.string() })

/** A client that does nothing by itself. */
class Client {
  readonly socket: WebSocket
  readonly #received: Payload[] = []
  #wake: () => void = () => undefined

  constructor(url = 'wss://gateway.discord.gg/?v=10&encoding=json', decode?: (data: Buffer) => string) {
    this.socket = new WebSocket(url)
    clients.push(this.socket)
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data, isBinary) => {
      if (!Buffer.isBuffer(data)) throw new TypeError('ws gives buffers unless told otherwise')
      const text = isBinary ? decode!(data) : data.toString()
      this.#received.push(payloadSchema.parse(JSON.parse(text)))
      this.#wake()
    })
  }

  async next(): Promise<Payload> {
    while (this.#received.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#received.shift()!
  }

  /** Skips what comes before it. */
  async nextEvent(event: string): Promise<Payload> {
    for (;;) {
      const payload = await this.next()
      if (payload.t === event) return payload
    }
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }))
  }

  identify(fields: object = {}): void {
    this.send(GatewayOpcodes.Identify, { token: discord.token, properties: {}, intents: ALL, ...fields })
  }

  resume(sessionId: string, seq: number): void {
    this.send(GatewayOpcodes.Resume, { token: discord.token, session_id: sessionId, seq })
  }

  async closeCode(): Promise<number> {
    const closed: unknown[] = await once(this.socket, 'close')
    return z.number().parse(closed[0])
  }
}

const ALL =
  GatewayIntentBits.Guilds |
  GatewayIntentBits.GuildMessages |
  GatewayIntentBits.DirectMessages |
  GatewayIntentBits.MessageContent

async function ready(fields?: object): Promise<{ client: Client; sessionId: string; sequence: number }> {
  const client = new Client()
  await client.next()
  client.identify(fields)
  const { d } = await client.nextEvent('READY')
  const { s } = await client.nextEvent('GUILD_CREATE')
  return { client, sessionId: readySchema.parse(d).session_id, sequence: s! }
}

describe('a connection', () => {
  it('is greeted, identified and told about the guild', async () => {
    const client = new Client()
    expect(await client.next()).toMatchObject({ op: 10, d: { heartbeat_interval: 41_250 } })
    client.identify()
    expect(await client.next()).toMatchObject({
      op: 0,
      s: 1,
      t: 'READY',
      d: {
        v: 10,
        user: { id: discord.user.id, bot: true },
        guilds: [{ id: discord.guildId, unavailable: true }],
        resume_gateway_url: 'wss://gateway-us-east1-b.discord.gg',
        shard: [0, 1],
        application: { id: discord.user.id, flags: 0 },
      },
    })
    expect(await client.next()).toMatchObject({ s: 2, t: 'GUILD_CREATE', d: { id: discord.guildId } })
    expect(discord.gateway.sessionStarts.remaining).toBe(999)
    expect(discord.gateway.connections[0]).toMatchObject({ upgrade: { host: 'gateway.discord.gg' } })
    expect(discord.gateway.upgrades[0]?.headers).not.toHaveProperty('proxy-authorization')
  })

  it('has its heartbeats acknowledged, and has to answer one it is asked for', async () => {
    const client = new Client()
    await client.next()
    client.send(GatewayOpcodes.Heartbeat, null)
    expect(await client.next()).toMatchObject({ op: GatewayOpcodes.HeartbeatAck })
    discord.gateway.requestHeartbeat()
    expect(await client.next()).toMatchObject({ op: GatewayOpcodes.Heartbeat })
    expect(discord.gateway.connections[0]?.heartbeats).toBe(1)
  })

  it('can be left a zombie', async () => {
    discord.gateway.stopAcknowledging()
    const client = new Client()
    await client.next()
    client.send(GatewayOpcodes.Heartbeat, null)
    await discord.gateway.waitForPayload(GatewayOpcodes.Heartbeat)
    discord.gateway.requestReconnect()
    expect(await client.next()).toMatchObject({ op: GatewayOpcodes.Reconnect })
  })

  it('can be frozen and thawed without losing anything', async () => {
    const { client } = await ready()
    discord.gateway.freeze()
    discord.gateway.dispatch('LAB', { number: 1 })
    client.send(GatewayOpcodes.Heartbeat, null)
    // Another connection's round trips are the time in which the frozen one would have been heard.
    await ready()
    expect(discord.gateway.payloads.map(({ op }) => op)).not.toContain(GatewayOpcodes.Heartbeat)
    discord.gateway.thaw()
    expect(await client.next()).toMatchObject({ t: 'LAB' })
    expect(await client.next()).toMatchObject({ op: GatewayOpcodes.HeartbeatAck })
  })

  it.each([
    ['not JSON', 4002, (client: Client) => client.socket.send('{')],
    ['binary', 4002, (client: Client) => client.socket.send(Buffer.from('{"op":1}'))],
    ['larger than 4096 bytes', 4002, (client: Client) => client.send(1, 'x'.repeat(4096))],
    ['an unknown opcode', 4001, (client: Client) => client.send(99, null)],
    ['a presence before it has identified', 4003, (client: Client) => client.send(3, {})],
    ['a wrong token', 4004, (client: Client) => client.identify({ token: 'wrong' })],
    ['an identify without properties', 4002, (client: Client) => client.identify({ properties: undefined })],
    ['a shard beyond its count', 4010, (client: Client) => client.identify({ shard: [2, 2] })],
    ['intents that do not exist', 4013, (client: Client) => client.identify({ intents: 1 << 30 })],
  ])('that sends %s is closed with %i', async (_, code, misbehave) => {
    const client = new Client()
    await client.next()
    misbehave(client)
    expect(await client.closeCode()).toBe(code)
    expect(discord.gateway.sessions).toHaveLength(0)
  })

  it('is closed with 4005 when it identifies twice', async () => {
    const { client } = await ready()
    client.identify()
    expect(await client.closeCode()).toBe(4005)
  })

  it('is closed with 4008 after 120 payloads in a minute', async () => {
    const { client } = await ready()
    for (let count = 0; count < 120; count += 1) client.send(GatewayOpcodes.Heartbeat, null)
    expect(await client.closeCode()).toBe(4008)
  })

  it('is closed with 4011 and 4014 when the bot may not do what it asks', async () => {
    discord.gateway.rules.requiredShards = 2
    const few = new Client()
    await few.next()
    few.identify()
    expect(await few.closeCode()).toBe(4011)
    discord.gateway.rules.disallowedIntents = GatewayIntentBits.MessageContent
    const privileged = new Client()
    await privileged.next()
    privileged.identify({ shard: [0, 2] })
    expect(await privileged.closeCode()).toBe(4014)
  })

  it('is closed with 4012 for another version of the API', async () => {
    expect(await new Client('wss://gateway.discord.gg/?v=6&encoding=json').closeCode()).toBe(4012)
  })

  it('can be refused or ignored at its Upgrade', async () => {
    discord.gateway.refuseUpgradeOnce({ status: 503, body: 'later' })
    const answered: unknown[] = await once(new Client().socket, 'unexpected-response')
    expect(answered[1]).toMatchObject({ statusCode: 503 })
    discord.gateway.stallUpgradeOnce()
    const stalled = new WebSocket('wss://gateway.discord.gg/', { handshakeTimeout: 50 })
    const failed: unknown[] = await once(stalled, 'error')
    expect(failed[0]).toMatchObject({ message: 'Opening handshake has timed out' })
    expect(discord.gateway.upgrades).toHaveLength(2)
  })
})

describe('a session', () => {
  it('is resumed at its own host and gets what it missed', async () => {
    const { client, sessionId, sequence } = await ready()
    client.socket.close(4000)
    await discord.gateway.waitForClose()
    discord.gateway.dispatch('LAB', { missed: 1 })
    discord.gateway.dispatch('LAB', { missed: 2 })
    const again = new Client('wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json')
    await again.next()
    again.resume(sessionId, sequence)
    expect(await again.next()).toMatchObject({ t: 'LAB', s: sequence + 1, d: { missed: 1 } })
    expect(await again.next()).toMatchObject({ t: 'LAB', s: sequence + 2, d: { missed: 2 } })
    expect(await again.next()).toMatchObject({ t: 'RESUMED', s: sequence + 3 })
    const resume = await discord.gateway.waitForResume()
    expect(resume).toMatchObject({ replayed: 2, session: { id: sessionId, resumes: 1 } })
    expect(resume.connection.upgrade.host).toBe('gateway-us-east1-b.discord.gg')
  })

  it.each([
    ['it was never begun', (sequence: number) => ['unknown', sequence] as const],
    ['too much was missed', () => [undefined, 0] as const],
  ])('is invalid when %s', async (_, wrong) => {
    const { client, sessionId, sequence } = await ready()
    client.socket.close(4000)
    for (let count = 0; count < 5; count += 1) discord.gateway.dispatch('LAB', {})
    const again = new Client()
    await again.next()
    const [id = sessionId, seq] = wrong(sequence)
    again.resume(id, seq)
    expect(await again.next()).toMatchObject({ op: GatewayOpcodes.InvalidSession, d: false })
  })

  it('is over with 4007 for a sequence that was never sent', async () => {
    const { client, sessionId } = await ready()
    client.socket.close(4000)
    const again = new Client()
    await again.next()
    again.resume(sessionId, 999)
    expect(await again.closeCode()).toBe(4007)
  })

  it('is over when the client closes with 1000', async () => {
    const { client } = await ready()
    client.socket.close(1000)
    await discord.gateway.waitForClose()
    expect(discord.gateway.sessions).toHaveLength(0)
  })

  it('outlives a close by the server, and not an invalid session', async () => {
    const { client, sessionId } = await ready()
    discord.gateway.invalidSession(true)
    expect(await client.next()).toMatchObject({ op: 9, d: true })
    discord.gateway.closeAll(4000)
    expect(await client.closeCode()).toBe(4000)
    expect(discord.gateway.sessions.map(({ id }) => id)).toEqual([sessionId])
    const second = await ready()
    discord.gateway.invalidSession(false)
    expect(await second.client.next()).toMatchObject({ op: 9, d: false })
    expect(discord.gateway.sessions.map(({ id }) => id)).toEqual([sessionId])
  })

  it('that is started too soon after another is counted, and refused if that is enforced', async () => {
    await ready()
    await ready()
    expect(discord.gateway.sessionStarts.violations).toBe(1)
    discord.gateway.sessionStarts.enforce = true
    const third = new Client()
    await third.next()
    third.identify()
    expect(await third.next()).toMatchObject({ op: 9, d: false })
  })
})

describe('an event', () => {
  it('of a message reaches the sessions whose intents cover it', async () => {
    const full = await ready()
    const noContent = await ready({ intents: ALL & ~GatewayIntentBits.MessageContent })
    const none = await ready({ intents: GatewayIntentBits.Guilds })
    discord.sayAs(discord.human, 'hello')
    discord.gateway.dispatch('LAB', {})
    expect(await full.client.next()).toMatchObject({
      t: 'MESSAGE_CREATE',
      d: { content: 'hello', guild_id: discord.guildId, author: { id: discord.human.id } },
    })
    expect(await noContent.client.next()).toMatchObject({ t: 'MESSAGE_CREATE', d: { content: '' } })
    expect(await none.client.next()).toMatchObject({ t: 'LAB' })
    discord.sayAs(discord.human, `<@${discord.user.id}> you`)
    expect(await noContent.client.nextEvent('MESSAGE_CREATE')).toMatchObject({
      d: { content: `<@${discord.user.id}> you` },
    })
  })

  it('goes to the shard of its guild, and a direct message to shard 0', async () => {
    const shards = await Promise.all(
      [0, 1].map(async (id) => {
        const client = new Client()
        await client.next()
        client.identify({ shard: [id, 2] })
        await client.nextEvent('READY')
        return client
      }),
    )
    discord.sayAs(discord.human, 'guild')
    discord.sayAs(discord.human, 'direct', { channelId: discord.directChannelId })
    const ofGuild = shards[Number((BigInt(discord.guildId) >> 22n) % 2n)]!
    expect(await ofGuild.nextEvent('MESSAGE_CREATE')).toMatchObject({ d: { content: 'guild' } })
    const direct = await shards[0]!.nextEvent('MESSAGE_CREATE')
    expect(direct.d).toMatchObject({ content: 'direct' })
    expect(direct.d).not.toHaveProperty('guild_id')
  })
})

/** Decompresses one message after the other with one context, as a client of zlib-stream or zstd-stream does. */
function decompressor(stream: Transform): (message: Buffer) => Promise<Payload> {
  return async (message) => {
    const chunks: Buffer[] = []
    const collect = (chunk: Buffer): number => chunks.push(chunk)
    stream.on('data', collect)
    await new Promise<void>((resolve, reject) =>
      stream.write(message, (error) => (error ? reject(error) : resolve())),
    )
    stream.off('data', collect)
    return payloadSchema.parse(JSON.parse(Buffer.concat(chunks).toString()))
  }
}

async function compressedMessages(compress: string, count: number): Promise<Buffer[]> {
  const socket = new WebSocket(`wss://gateway.discord.gg/?v=10&encoding=json&compress=${compress}`)
  clients.push(socket)
  const messages: Buffer[] = []
  for await (const [data, isBinary] of on(socket, 'message', { close: ['close'] })) {
    if (!Buffer.isBuffer(data) || isBinary !== true) throw new TypeError('not a binary message')
    if (messages.length === 0) {
      const identify = { token: discord.token, properties: {}, intents: ALL }
      socket.send(JSON.stringify({ op: GatewayOpcodes.Identify, d: identify }))
      await discord.gateway.waitForIdentify()
      for (let number = 3; number < count; number += 1) {
        discord.gateway.dispatch('LAB', { number, text: 'compressible '.repeat(9999) })
      }
    }
    messages.push(data)
    if (messages.length === count) break
  }
  return messages
}

describe('compression', () => {
  it('by zlib-stream shares one context, flushed after every payload', async () => {
    const messages = await compressedMessages('zlib-stream', 20)
    const decompress = decompressor(zlib.createInflate())
    for (const [index, message] of messages.entries()) {
      expect(message.subarray(-4)).toEqual(Buffer.from([0, 0, 0xff, 0xff]))
      const payload = await decompress(message)
      if (index === 0) expect(payload.op).toBe(10)
      else expect(payload.s).toBe(index)
    }
  })

  it('by zstd-stream is spoken where Node can, and refused with 4002 elsewhere', async () => {
    const create: unknown = Reflect.get(zlib, 'createZstdDecompress')
    if (typeof create !== 'function') {
      const client = new Client('wss://gateway.discord.gg/?v=10&encoding=json&compress=zstd-stream')
      expect(await client.closeCode()).toBe(4002)
      return
    }
    const stream: unknown = Reflect.apply(create, undefined, [])
    if (!(stream instanceof Transform)) throw new TypeError('not a stream')
    const decompress = decompressor(stream)
    const messages = await compressedMessages('zstd-stream', 20)
    for (const [index, message] of messages.entries()) {
      const payload = await decompress(message)
      if (index > 0) expect(payload.s).toBe(index)
    }
    stream.destroy()
  })

  it('by payload begins after the identify that asks for it', async () => {
    const client = new Client(undefined, (data) => zlib.inflateSync(data).toString())
    await client.next()
    client.identify({ compress: true })
    expect(await client.next()).toMatchObject({ t: 'READY' })
    expect(discord.gateway.connections[0]?.compression).toBe('payload')
  })
})

it('a client that leaves takes its connection from the list', async () => {
  const { client } = await ready()
  expect(discord.connections()).toMatchObject([{ server: 'gateway', servername: 'gateway.discord.gg' }])
  client.socket.terminate()
  expect((await discord.gateway.waitForClose()).closeCode).toBe(1006)
  await expect.poll(() => discord.connections()).toEqual([])
})

it('a wait that nothing fulfils says what it saw', async () => {
  await ready()
  await expect(discord.gateway.waitForIdentify({ nth: 2, timeoutMs: 10 })).rejects.toThrow(
    /10 ms passed while waiting for an identify number 2; seen: [0-9a-f]{32}/,
  )
})
