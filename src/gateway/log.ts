import type { Log } from '../config/index.js'
import type { GatewayClient } from './gateway.js'

/** The states of a gateway client, and at the level debug what happens in it. */
export function logGateway(gateway: GatewayClient, log: Log): void {
  gateway.on('ready', (_data, shard) => log('info', `gateway shard ${shard} ready, a new session`))
  gateway.on('resumed', ({ shardId, replayed }) =>
    log('info', `gateway shard ${shardId} resumed, ${replayed} events replayed`),
  )
  gateway.on('disconnected', ({ shardId, reason }) =>
    log('info', `gateway shard ${shardId} disconnected: ${reason}`),
  )
  gateway.on('reconnecting', ({ shardId, attempt, delayMs, awaitsProxy }) => {
    const when = awaitsProxy ? 'when the port of the proxy answers' : `in ${Math.round(delayMs)} ms`
    log('info', `gateway shard ${shardId} reconnects ${when}, attempt ${attempt}`)
  })
  gateway.on('closed', ({ reason }) => log('info', `gateway closed: ${reason}`))
  gateway.on('debug', (line, shard) =>
    log('debug', `gateway${shard === null ? '' : ` shard ${shard}`} ${line}`),
  )
}
