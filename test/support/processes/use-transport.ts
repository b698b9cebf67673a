/**
 * A process of its own that uses a transport, for what only a whole process can show: whether it exits by itself,
 * and which modules it has loaded. Told by its environment, answers with one line of JSON.
 */
import { writeSync } from 'node:fs'
import { createDiscordTransport } from '../../../src/index.js'
import { getByAgent, getByDispatcher, helloByWebSocket } from '../faces.js'
import { loadedPackages } from './loaded-packages.js'

const { TEST_PROXY: proxy = '', TEST_CA: ca = '', TEST_TOKEN: token = '', TEST_CLOSE } = process.env
const headers = { authorization: `Bot ${token}` }

const transport = createDiscordTransport({ proxy, tls: { ca }, proxyTls: { ca }, env: {} })
const answers = [
  await getByAgent(transport, undefined, { headers }),
  await getByDispatcher(transport, undefined, headers),
]
const response = await transport.fetch('https://discord.com/api/v10/users/@me', { headers })
await response.arrayBuffer()
await helloByWebSocket(transport)
// A tunnel that nothing has used.
await transport.warm(['https://cdn.discordapp.com'])

const statuses = [...answers.map(({ status }) => status), response.status]
const open = transport.stats().tunnels.open
if (TEST_CLOSE === 'yes') await transport.close()
writeSync(1, `${JSON.stringify({ statuses, open, packages: loadedPackages() })}\n`)
