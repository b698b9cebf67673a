// A bot that knows nothing of this package, started as `node --import discord-transport/register zero-line-bot.mjs`.
import { createHash } from 'node:crypto'
import https from 'node:https'
import { Client, Events, GatewayIntentBits } from 'discord.js'

const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits
const client = new Client({ intents: [Guilds, GuildMessages, MessageContent] })

/** @param {string} url */
function get(url) {
  return new Promise((resolve, reject) => {
    https.get(url, (response) => resolve(response.resume().statusCode)).on('error', reject)
  })
}

client.on(Events.MessageCreate, async (message) => {
  if (message.author.id === client.user?.id) return
  const [attachment] = message.attachments.values()
  if (attachment === undefined) {
    await message.reply(`reply to ${message.content}, ${await get('https://discord.com/api/v10/gateway')}`)
    return
  }
  const bytes = Buffer.from(await (await fetch(attachment.url)).arrayBuffer())
  // By its URL: discord.js fetches it itself.
  await message.reply({
    content: createHash('sha256').update(bytes).digest('hex'),
    files: [{ name: 'returned.bin', attachment: attachment.url }],
  })
})
client.on(Events.Error, console.error)
await client.login(process.env['DISCORD_BOT_TOKEN'])
