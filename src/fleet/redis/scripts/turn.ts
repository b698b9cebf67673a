import { script } from './script.js'

/**
 * Gives the next turn to identify in a shard's bucket, or takes one back that will not be used.
 *
 * `missed`: the turn that came too late or is given back, else 0. `windowMs`: between two turns of a bucket.
 *
 * keyTurns: 'concurrency'; 'all', before which no bucket is free; 'at:<bucket>', when it is free; 'spare:<bucket>', a
 * turn that was given back; 'total', 'remaining', 'reset'.
 */
export const turnScript = script(`
local shard, limit, missed, window = int(ask.shardId), ask.limit, ask.missed, ask.windowMs
local concurrency = limit.max_concurrency
local owner, current = ownerOf(redis.call('HGET', keyOwners, shard) or '')
local isOwner = owner == member and current == ask.token
local limits = redis.call('HMGET', keyTurns, 'concurrency', 'all', 'total', 'remaining', 'reset')
local all, remaining, reset = tonumber(limits[2] or 0), tonumber(limits[4] or limit.remaining), tonumber(limits[5] or 0)
-- What was lost may have been a turn of a moment ago.
if not limits[1] then all = math.max(all, knownEpoch ~= '' and tide > 0 and redis.call('HGET', keyState, 'lost') and now + window or 0) end
if limits[1] and ask.isNew and tonumber(limits[1]) ~= concurrency then
  -- A shard that identified a moment ago may now share its bucket with any other.
  local fields = redis.call('HGETALL', keyTurns)
  for index = 1, #fields, 2 do
    if string.sub(fields[index], 1, 3) == 'at:' then
      all = math.max(all, tonumber(fields[index + 1]))
      redis.call('HDEL', keyTurns, fields[index])
    elseif string.sub(fields[index], 1, 6) == 'spare:' then redis.call('HDEL', keyTurns, fields[index]) end
  end
elseif limits[1] and not ask.isNew then
  concurrency = tonumber(limits[1])
end
local bucket = int(ask.shardId % concurrency)
local at, spare = 'at:' .. bucket, 'spare:' .. bucket
local freeAt = math.max(all, tonumber(redis.call('HGET', keyTurns, at) or 0))
if not isOwner then return cjson.encode({kind = 'gone'}) end
if ask.givesBack then
  -- Only a turn that nobody has after it can become free again at once; one spare turn is kept besides.
  if freeAt == missed + window then redis.call('HSET', keyTurns, at, int(missed))
  elseif missed > now then redis.call('HSET', keyTurns, spare, int(missed)) end
  redis.call('HSET', keyTurns, 'remaining', int(remaining + 1))
  if string.sub(redis.call('HGET', keySessions, shard) or '', 1, 1) == 'I' then redis.call('HDEL', keySessions, shard) end
  return cjson.encode({kind = 'ok'})
end
if ask.isNew then
  local nextReset = now + limit.reset_after
  -- Turns that were given and are not used yet are missing in Discord's number.
  if reset > now and math.abs(nextReset - reset) < 60000 then remaining = math.min(remaining, limit.remaining)
  else remaining = limit.remaining end
  reset = nextReset
  redis.call('HSET', keyTurns, 'total', int(limit.total))
elseif reset == 0 then reset = now + limit.reset_after
elseif now >= reset then
  remaining, reset = tonumber(limits[3] or limit.total), now + 86400000
end
redis.call('HSET', keyTurns, 'concurrency', int(concurrency), 'all', int(all), 'reset', int(reset))
if missed > 0 then
  remaining = remaining + 1
  if freeAt == missed + window then freeAt = missed end
end
if remaining <= 0 then
  redis.call('HSET', keyTurns, 'remaining', int(remaining))
  return cjson.encode({kind = 'exhausted', waitMs = math.max(1, reset - now)})
end
local turn = math.max(now, freeAt)
local kept = tonumber(redis.call('HGET', keyTurns, spare) or 0)
if kept > 0 then redis.call('HDEL', keyTurns, spare) end
if kept > now and kept < turn then turn = kept
else redis.call('HSET', keyTurns, at, int(turn + window)) end
redis.call('HSET', keyTurns, 'remaining', int(remaining - 1))
redis.call('HSET', keySessions, shard, 'I' .. int(turn))
redis.call('HDEL', keySequences, shard)
return cjson.encode({kind = 'turn', now = now, at = turn})
`)
