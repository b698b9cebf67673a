/** A process that shares its device file with another one: each line is a message into a session of its own. */
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import process from 'node:process'
import { OpenClawGatewayClient } from '../../src/openclaw/index.js'

const url = process.env['OPENCLAW_URL'] ?? ''
const device = { path: process.env['OPENCLAW_DEVICE'] ?? '' }
const token = process.env['OPENCLAW_TOKEN'] ?? ''
let client = new OpenClawGatewayClient({ url, token, device, env: {} })
await client.connect({ timeoutMs: 120_000 })
const { sessionKey } = await client.sessionsSpawn({ key: `agent:main:process-${randomUUID()}` })
console.log('connected')
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'reconnect') {
    await client.disconnect()
    client = new OpenClawGatewayClient({ url, device, env: {} })
    const { auth } = await client.connect({ timeoutMs: 120_000 })
    console.log(`by ${auth.method ?? 'nothing'}`)
  } else console.log((await client.reply(await client.sessionsSend(sessionKey, line))).text)
}
await client.disconnect()
