/** An intent that the developer portal must switch on for the application. */
export interface PrivilegedIntent {
  /** Discord's name of the intent. */
  readonly name: string
  /** Its bit in `intents` of an Identify. */
  readonly bit: number
  /**
   * The bits of the application's `flags`, one of which is set when the intent is on: the first for verified
   * applications, the second for those in fewer than 100 servers.
   */
  readonly flags: readonly [full: number, limited: number]
  /** The name of the switch on the Bot page of the developer portal. */
  readonly portalName: string
}

/**
 * https://discord.com/developers/docs/events/gateway#privileged-intents and
 * https://discord.com/developers/docs/resources/application#application-object-application-flags
 */
export const PRIVILEGED_INTENTS: readonly PrivilegedIntent[] = [
  {
    name: 'GUILD_MEMBERS',
    bit: 1 << 1,
    flags: [1 << 14, 1 << 15],
    portalName: 'Server Members Intent',
  },
  { name: 'GUILD_PRESENCES', bit: 1 << 8, flags: [1 << 12, 1 << 13], portalName: 'Presence Intent' },
  { name: 'MESSAGE_CONTENT', bit: 1 << 15, flags: [1 << 18, 1 << 19], portalName: 'Message Content Intent' },
]

/** Whether an application with these `flags` may ask for the intent. */
export function isIntentOn({ flags: [full, limited] }: PrivilegedIntent, applicationFlags: number): boolean {
  return (applicationFlags & (full | limited)) !== 0
}
