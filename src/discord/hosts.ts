/** What a bot uses a host for. */
export type DiscordService = 'rest' | 'gateway' | 'media' | 'upload' | 'voice' | 'web'

/** One host of Discord, or a family of hosts. */
export interface DiscordHost {
  /** A host name. A leading `*.` stands for one or more labels; any other `*` stands for a part of one label. */
  readonly pattern: string
  readonly service: DiscordService
  /** Whether every bot needs it. The others depend on what the bot does. */
  readonly required: boolean
  /** For the table of docs/proxies.md. */
  readonly purpose: string
}

export const REST_HOST = 'discord.com'
export const GATEWAY_HOST = 'gateway.discord.gg'
export const CDN_HOST = 'cdn.discordapp.com'

type Row = readonly [pattern: string, service: DiscordService, need: 'required' | 'optional', purpose: string]

/**
 * Sources: https://discord.com/developers/docs/reference (API, CDN),
 * https://discord.com/developers/docs/events/gateway (gateway and resume hosts),
 * https://discord.com/developers/docs/topics/voice-connections (voice), and the Content-Security-Policy of
 * https://discord.com/app (upload host, image proxies, older names).
 */
const ROWS: readonly Row[] = [
  [REST_HOST, 'rest', 'required', 'REST API, interactions, webhooks, OAuth2'],
  ['canary.discord.com', 'rest', 'optional', 'webhook URLs that were copied from the Canary client'],
  ['ptb.discord.com', 'rest', 'optional', 'webhook URLs that were copied from the PTB client'],
  ['discordapp.com', 'rest', 'optional', 'the former name of the API, in old webhook URLs'],
  [GATEWAY_HOST, 'gateway', 'required', 'gateway: new sessions'],
  ['*.discord.gg', 'gateway', 'required', 'gateway: resumed sessions (`resume_gateway_url`)'],
  [CDN_HOST, 'media', 'required', 'attachments, avatars, emojis, stickers, soundboard sounds'],
  ['media.discordapp.net', 'media', 'required', 'attachments, resized or converted (`proxy_url`)'],
  ['images-ext-*.discordapp.net', 'media', 'optional', 'image proxies: images of embeds (`proxy_url`)'],
  [
    'discord-attachments-uploads-prd.storage.googleapis.com',
    'upload',
    'optional',
    'uploads by URL (`upload_url`)',
  ],
  ['*.discord.media', 'voice', 'optional', 'voice: the WebSocket; the audio is UDP and uses no proxy'],
  ['discord.gg', 'web', 'optional', 'invite links'],
  ['status.discord.com', 'web', 'optional', 'status page and its API'],
  ['discordstatus.com', 'web', 'optional', 'the same under another name'],
]

/** Every host of Discord that a bot may connect to, with its purpose. All of them answer on port 443. */
export const DISCORD_HOSTS: readonly DiscordHost[] = ROWS.map(([pattern, service, need, purpose]) => ({
  pattern,
  service,
  required: need === 'required',
  purpose,
}))

/** What a bot connects to first. */
export const DISCORD_TARGETS = [REST_HOST, GATEWAY_HOST, CDN_HOST].map((host) => ({ host, port: 443 }))

const MATCHERS = DISCORD_HOSTS.map(({ pattern, service }) => ({ service, matches: matcherOf(pattern) }))

/**
 * Whether a host is in the table of Discord's hosts.
 *
 * @param hostname a name without a port, in any case; a trailing dot is allowed
 * @param service only hosts that serve this. Default: every host of the table
 */
export function isDiscordHost(hostname: string, service?: DiscordService): boolean {
  return MATCHERS.some(
    (row) => (service === undefined || row.service === service) && row.matches.test(hostname),
  )
}

function matcherOf(pattern: string): RegExp {
  const label = '[a-z0-9-]+'
  const source = pattern
    .replaceAll('.', '\\.')
    .replace(/^\*\\\./, `(?:${label}\\.)+`)
    .replace(/(?<=-)\*/, label)
  return new RegExp(`^${source}\\.?$`, 'i')
}
