import { script } from './script.js'

/** What `save` and `release` do with a shard: writes, unless another lease has been given since. */
export const WRITE = `
local function write(lease)
  local shard, session, sequence = int(lease.shardId), lease.session, lease.sequence
  local owner, current = ownerOf(redis.call('HGET', keyOwners, shard) or '')
  if owner ~= member or current ~= lease.token then return false end
  if session == cjson.null then
    redis.call('HDEL', keySessions, shard)
    redis.call('HDEL', keySequences, shard)
    return true
  end
  if session then redis.call('HSET', keySessions, shard, session) end
  if session or sequence > 0 then
    redis.call('HSET', keySequences, shard, int(sequence) .. (lease.final and '!' or ''))
  end
  return true
end
`

/** Writes sessions and sequences of the member's shards. A sequence that was closed in order has '!' behind it. */
export const saveScript = script(`${WRITE}
for _, lease in ipairs(ask.writes) do write(lease) end
return cjson.encode({kind = 'ok'})
`)
