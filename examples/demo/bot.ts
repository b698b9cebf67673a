/**
 * The bot: a Carbon client on a transport, in a process of its own, which a guard has cut off from everything
 * but the proxy. It answers `!ping` with all that a bot does, and reports.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Client, MessageCreateListener, ReadyListener, type ListenerEventData } from '@buape/carbon'
import { GatewayIntents } from '@buape/carbon/gateway'
import { Routes, type APIMessage } from 'discord-api-types/v10'
import { createDiscordTransport, TransportError, type DiscordTransport } from 'discord-transport'
import { ProxyGatewayPlugin } from 'discord-transport/carbon'
import { Guard } from './guard.js'
import type { BotMessage, BotResult, BotSettings, Check, Traffic } from './messages.js'

type Message = ListenerEventData['MESSAGE_CREATE']['message']

const FILE_BYTES = 1024 * 1024
const PADDLE = '🏓'

function tell(message: BotMessage): void {
  process.send?.(message)
}

function say(text: string): void {
  tell({ type: 'says', who: 'bot', text })
}

/** The bot's transport, and what it has carried, by destination. */
function countedTransport({ proxy, ca, proxyCa }: BotSettings): [DiscordTransport, Map<string, Traffic>] {
  const traffic = new Map<string, Traffic>()
  const transport = createDiscordTransport({
    required: true,
    ...(proxy === undefined ? {} : { proxy, env: {} }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    ...(proxyCa === undefined ? {} : { proxyTls: { ca: proxyCa } }),
    onEvent(event) {
      if (event.type === 'tunnel-open')
        say(`has a tunnel to ${event.target} after ${Math.round(event.ms)} ms`)
      if (event.type !== 'tunnel-close') return
      const { target, bytesSent, bytesReceived } = event
      const { tunnels = 0, sent = 0, received = 0 } = traffic.get(target) ?? {}
      traffic.set(target, {
        target,
        tunnels: tunnels + 1,
        sent: sent + bytesSent,
        received: received + bytesReceived,
      })
    },
  })
  return [transport, traffic]
}

function run(settings: BotSettings): void {
  const { token, localNames } = settings
  const [transport, traffic] = countedTransport(settings)
  const allowed = settings.allowed ?? [
    { host: transport.proxy?.host ?? '', port: transport.proxy?.port ?? 0 },
  ]
  const guard = new Guard({
    allowed,
    ...(localNames === undefined ? {} : { localNames }),
    ...(settings.systemDns === undefined ? {} : { systemDns: settings.systemDns }),
  })

  class OnReady extends ReadyListener {
    async handle({ user }: ListenerEventData['READY'], client: Client): Promise<void> {
      say(`is ready as ${user.username}`)
      tell({ type: 'ready' })
      if (!settings.asksItself) return
      await client.rest.post(Routes.channelMessages(settings.channelId), { body: { content: '!ping' } })
    }
  }

  class OnMessage extends MessageCreateListener {
    async handle({ message }: ListenerEventData['MESSAGE_CREATE'], client: Client): Promise<void> {
      if (message.channelId !== settings.channelId || message.content !== '!ping') return
      say('hears !ping')
      const checks = [...probe, ...(await answer(client, transport, message))]
      plugin.disconnect()
      await transport.close()
      finish({ checks, traffic: [...traffic.values()], guard: guard.report() })
    }
  }

  const { Guilds, GuildMessages, MessageContent } = GatewayIntents
  // Its own messages come with their content anyway; those of others need a privileged intent.
  const intents = Guilds | GuildMessages | (settings.asksItself ? 0 : MessageContent)
  const plugin = new ProxyGatewayPlugin({ transport, intents })
  let probe: readonly Check[] = []

  void probeDirectPath(guard).then((checks) => {
    probe = checks
    say(`starts; its way out is ${transport.proxy?.url ?? 'nowhere'}`)
    new Client(
      {
        token,
        clientId: Buffer.from(token.split('.')[0] ?? '', 'base64').toString(),
        publicKey: 'only for interactions by webhook',
        baseUrl: 'http://localhost',
        disableDeployRoute: true,
        requestOptions: transport.requestOptions,
      },
      { listeners: [new OnReady(), new OnMessage()] },
      [plugin],
    )
  })
}

/** Without this, "nothing went around the proxy" might only say that nobody looked. */
async function probeDirectPath(guard: Guard): Promise<readonly Check[]> {
  const refused = await fetch('https://discord.com/api/v10/gateway').then(
    () => false,
    () => true,
  )
  const attempts = guard.forgetRefusals()
  tell({ type: 'says', who: 'guard', text: `refuses a probe without the transport: ${attempts.join(', ')}` })
  return [{ claim: 'the direct path is blocked, as a probe found', holds: refused && attempts.length > 0 }]
}

/** Text, file, edit, reaction and download, and what Discord then says of them. */
async function answer(client: Client, transport: DiscordTransport, message: Message): Promise<Check[]> {
  const file = randomBytes(FILE_BYTES)
  const text = await message.reply({ content: 'pong' })
  say('has replied with text')
  const upload = await message.reply({
    content: 'a file',
    files: [{ name: 'pong.bin', data: new Blob([file]) }],
  })
  say('has replied with a file of 1 MiB')
  await text.edit({ content: 'pong, edited' })
  say('has edited its reply')
  await client.rest.put(
    Routes.channelMessageOwnReaction(message.channelId, upload.id, encodeURIComponent(PADDLE)),
  )
  say(`has reacted with ${PADDLE}`)
  const download = await transport.fetch(upload.attachments[0]?.url ?? '')
  const bytes = Buffer.from(await download.arrayBuffer())
  say('has downloaded the file from the CDN')

  const read = async (id: string): Promise<APIMessage> =>
    (await client.rest.get(Routes.channelMessage(message.channelId, id))) as APIMessage
  const edited = await read(text.id)
  const uploaded = await read(upload.id)
  return [
    { claim: 'the gateway delivered !ping', holds: true },
    { claim: 'the reply arrived, and its edit', holds: edited.content === 'pong, edited' },
    { claim: 'the file arrived whole', holds: uploaded.attachments[0]?.size === FILE_BYTES },
    { claim: 'the reaction arrived', holds: uploaded.reactions?.[0]?.emoji.name === PADDLE },
    { claim: 'the CDN gave back the same bytes', holds: sha256(bytes) === sha256(file) },
  ]
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function finish(result: BotResult): void {
  tell({ type: 'done', result })
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  tell({ type: 'failed', message, ...(error instanceof TransportError ? { hint: error.hint } : {}) })
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
process.on('message', (settings: BotSettings) => run(settings))
// Carbon leaves timers behind, so the end is said by whoever started this process.
process.on('disconnect', () => process.exit(0))
