/** What a bot connects to first: the REST API, the gateway, attachments. */
export const REST_HOST = 'discord.com'
export const GATEWAY_HOST = 'gateway.discord.gg'
export const CDN_HOST = 'cdn.discordapp.com'

export const DISCORD_TARGETS = [REST_HOST, GATEWAY_HOST, CDN_HOST].map((host) => ({ host, port: 443 }))
