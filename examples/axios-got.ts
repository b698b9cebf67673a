// Whatever takes an http.Agent: here axios and got, each asking Discord who the bot is.
import axios from 'axios'
import { createDiscordTransport } from 'discord-transport'
import got from 'got'

const url = 'https://discord.com/api/v10/users/@me'
const headers = { Authorization: `Bot ${process.env['DISCORD_BOT_TOKEN'] ?? ''}` }
const transport = createDiscordTransport()

// `proxy: false`: axios would read HTTPS_PROXY too, and ask the proxy for a tunnel through the tunnel.
const byAxios = await axios.get<{ username: string }>(url, {
  headers,
  httpsAgent: transport.agent,
  proxy: false,
})
const byGot = await got(url, { headers, agent: { https: transport.agent } }).json<{ username: string }>()

console.log(byAxios.data.username, byGot.username)
await transport.close()
