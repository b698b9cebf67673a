/**
 * Asks a session of an OpenClaw gateway and prints the reply.
 *
 *     npx tsx examples/openclaw-ask.ts 'What is new?'
 *
 * The gateway and its token are those of OpenClaw's own configuration, or of OPENCLAW_GATEWAY_URL and
 * OPENCLAW_GATEWAY_TOKEN.
 */
import { OpenClawGatewayClient } from 'discord-transport/openclaw'

const client = new OpenClawGatewayClient()
await client.connect()
try {
  const run = await client.sessionsSend('main', process.argv[2] ?? 'Hello')
  const reply = await client.reply(run)
  console.log(reply.text)
} finally {
  await client.disconnect()
}
