import { expect, it } from 'vitest'
import { resumeUrl } from '../../src/discord/gateway-bot.js'

const DEFAULT = 'wss://gateway.discord.gg/'
const OWN = 'wss://gateway.example:8443/'

it.each([
  ['wss://gateway-us-east1-b.discord.gg', undefined, 'wss://gateway-us-east1-b.discord.gg'],
  ['wss://gateway-us-east1-b.discord.gg', OWN, 'wss://gateway-us-east1-b.discord.gg'],
  ['wss://gateway.example:8443/resume', OWN, 'wss://gateway.example:8443/resume'],
  ['wss://gateway.example:9443/', OWN, OWN],
  ['wss://gateway.example:8443/', undefined, DEFAULT],
  ['wss://discord.gg.example', undefined, DEFAULT],
  ['wss://discord-attachments-uploads-prd.storage.googleapis.com', undefined, DEFAULT],
  ['wss://cdn.discordapp.com', undefined, DEFAULT],
  ['wss://xdiscord.gg', undefined, DEFAULT],
  ['ws://gateway.discord.gg', undefined, DEFAULT],
  ['no URL', OWN, OWN],
  [undefined, undefined, DEFAULT],
])('to resume at %s, configured %s, means %s', (given, configured, url) => {
  expect(resumeUrl(given, configured)).toBe(url)
})
