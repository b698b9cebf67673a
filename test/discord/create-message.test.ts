import { describe, expect, it } from 'vitest'
import { isCreateMessage } from '../../src/discord/create-message.js'

const ID = '1234567890123456789'

describe('Create Message', () => {
  it.each([
    `https://discord.com/api/v10/channels/${ID}/messages`,
    `https://discord.com/api/channels/${ID}/messages`,
    `https://discord.com:443/api/v9/channels/${ID}/messages`,
    `https://ptb.discord.com/api/v10/channels/${ID}/messages`,
    `https://canary.discord.com/api/v10/channels/${ID}/messages`,
    `https://discordapp.com/api/v10/channels/${ID}/messages?x=1`,
    `https://ptb.discordapp.com/api/v10/channels/${ID}/messages#x`,
  ])('is a POST to %s', (url) => {
    expect(isCreateMessage('POST', url)).toBe(true)
    expect(isCreateMessage('PATCH', url)).toBe(false)
    expect(isCreateMessage('GET', url)).toBe(false)
  })

  it.each([
    `https://discord.com/api/v10/channels/${ID}/messages/${ID}/threads`,
    `https://discord.com/api/v10/channels/${ID}/messages/${ID}/crosspost`,
    `https://discord.com/api/v10/channels/${ID}/messages/bulk-delete`,
    `https://discord.com/api/v10/channels/${ID}/messages/`,
    `https://discord.com/api/v10/channels/${ID}/threads`,
    `https://discord.com/api/v10/webhooks/${ID}/token`,
    `https://discord.com/api/v10/interactions/${ID}/token/callback`,
    `https://discord.com/api/v10/channels/../messages`,
    `https://discord.com/api/v10/channels/@me/messages`,
    `https://discord.com.example/api/v10/channels/${ID}/messages`,
    `https://evil-discord.com/api/v10/channels/${ID}/messages`,
    `https://cdn.discordapp.com/api/v10/channels/${ID}/messages`,
    `https://discord.com:8443/api/v10/channels/${ID}/messages`,
    `http://discord.com/api/v10/channels/${ID}/messages`,
    `https://example.com/?https://discord.com/api/v10/channels/${ID}/messages`,
  ])('is not %s', (url) => {
    expect(isCreateMessage('POST', url)).toBe(false)
  })
})
