import type { GatewayFleetMember, GatewaySession } from '../../src/index.js'

/** A gateway client that opens nothing, and closes each shard with a session. */
export function createMember(shardCount: number): GatewayFleetMember & { readonly opened: number[] } {
  const opened: number[] = []
  const session = (shardId: number): GatewaySession => ({
    id: `session-${shardId}`,
    sequence: 7,
    resumeUrl: 'wss://gateway.discord.gg/',
    shardId,
    shardCount,
  })
  return {
    opened,
    shardCount,
    recommendedShards: () => Promise.resolve(shardCount),
    open: (shardId) => void opened.push(shardId),
    close: (shardId) => Promise.resolve(session(shardId)),
    settled: () => undefined,
    debug: () => undefined,
  }
}
