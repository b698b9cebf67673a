// The gateway by hand: a WebSocket and fetch of one transport, and no framework.
// https://discord.com/developers/docs/events/gateway#connections
import { createDiscordTransport } from 'discord-transport'

interface Payload {
  readonly op: number
  readonly t: string | null
  readonly s: number | null
  readonly d: { heartbeat_interval: number; id: string; channel_id: string; content: string }
}

const token = process.env['DISCORD_BOT_TOKEN'] ?? ''
const transport = createDiscordTransport()
const socket = transport.createWebSocket('wss://gateway.discord.gg/?v=10&encoding=json')
let sequence: number | null = null

const send = (op: number, d: unknown): void => socket.send(JSON.stringify({ op, d }))

socket.on('message', (data: Buffer) => {
  const { op, t, s, d } = JSON.parse(data.toString()) as Payload
  sequence = s ?? sequence
  if (op === 10) {
    setInterval(() => send(1, sequence), d.heartbeat_interval)
    const properties = { os: process.platform, browser: 'discord-transport', device: 'discord-transport' }
    send(2, { token, intents: (1 << 0) | (1 << 9) | (1 << 15), properties })
  }
  if (t === 'MESSAGE_CREATE' && d.content === '!ping') void reply(d)
})
socket.on('error', (error) => console.error(error.message))
socket.on('close', (code) => process.exit(code === 1000 ? 0 : 1))

async function reply({ channel_id, id }: Payload['d']): Promise<void> {
  await transport.fetch(`https://discord.com/api/v10/channels/${channel_id}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bot ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ content: 'pong', message_reference: { message_id: id } }),
  })
}
