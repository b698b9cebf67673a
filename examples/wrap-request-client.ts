// A Carbon RequestClient that exists already: from one line on, it sends through the proxy.
import { RequestClient } from '@buape/carbon'
import { createDiscordTransport } from 'discord-transport'

const client = new RequestClient(process.env['DISCORD_BOT_TOKEN'] ?? '')

const transport = createDiscordTransport()
transport.wrapRequestClient(client)

await client.post(`/channels/${process.env['DISCORD_CHANNEL_ID'] ?? ''}/messages`, {
  body: { content: 'sent through the proxy', files: [{ name: 'hello.txt', data: new Blob(['hello']) }] },
})
console.log(transport.proxy?.url, transport.stats())
await transport.close()
