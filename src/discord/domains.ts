/**
 * The domains of Discord, with everything below them. The hosts that a bot needs are in hosts.ts; this list answers
 * another question: whether a name is Discord's at all.
 *
 * Sources: the Content-Security-Policy of https://discord.com/app, and https://discord.com/developers/docs.
 */
const DOMAINS: ReadonlySet<string> = new Set([
  'discord.com',
  'discord.gg',
  'discord.media',
  'discordapp.com',
  'discordapp.net',
  'discordcdn.com',
  'discordstatus.com',
  'discordactivities.com',
  'discordsays.com',
  'discord-activities.com',
  'discordpartygames.com',
  'discordmerch.com',
  'discordquests.com',
  'discord.co',
  'discord.design',
  'discord.dev',
  'discord.gift',
  'discord.gifts',
  'discord.new',
  'discord.store',
  'discord.tools',
  'dis.gd',
])

/** Where uploads by URL go: a host of Google, of which Discord owns this name alone. */
const UPLOAD_HOST = 'discord-attachments-uploads-prd.storage.googleapis.com'

/** What each of the names has in it, if so: most other names do not, and looking for it is cheaper than the set. */
const COMMON = [...DOMAINS, UPLOAD_HOST].every((name) => name.includes('dis')) ? 'dis' : ''

/**
 * Whether a name is one of Discord's domains or below one.
 *
 * @param name a host name in lower case, without a trailing dot
 */
export function isDiscordName(name: string): boolean {
  if (!name.includes(COMMON)) return false
  const dot = name.lastIndexOf('.')
  const before = dot > 0 ? name.lastIndexOf('.', dot - 1) : -1
  return DOMAINS.has(before === -1 ? name : name.slice(before + 1)) || name === UPLOAD_HOST
}
