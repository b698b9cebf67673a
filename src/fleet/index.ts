export type { Fleet } from './fleet.js'
export type { FleetStatus } from './fleet-view.js'
export type { IoRedisClient, NodeRedisClient, NodeRedisCluster, RedisClient } from './redis/client.js'
export { redisFleet, type RedisFleetOptions } from './redis/index.js'
