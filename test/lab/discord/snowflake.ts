/** https://discord.com/developers/docs/reference#snowflakes: milliseconds since 2015, then 22 bits. */
const DISCORD_EPOCH = 1_420_070_400_000n

let last = 0n

/** A new id, greater than every one before it. */
export function snowflake(): string {
  const now = (BigInt(Date.now()) - DISCORD_EPOCH) << 22n
  last = now > last ? now : last + 1n
  return last.toString()
}

/** https://discord.com/developers/docs/events/gateway#sharding-sharding-formula */
export function shardOf(guildId: string, shardCount: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(shardCount))
}
