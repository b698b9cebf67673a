import { script } from './script.js'

/** What `save` and `release` do with a shard: writes, unless another lease has been given since. */
export const WRITE = `
local function write(shard, ownToken, session, sequence)
  local owner, current = ownerOf(redis.call('HGET', keyOwners, shard) or '')
  if owner ~= member or current ~= tonumber(ownToken) then return false end
  if session == '' then
    redis.call('HDEL', keySessions, shard)
    redis.call('HDEL', keySequences, shard)
  elseif session ~= '~' then
    redis.call('HSET', keySessions, shard, session)
  end
  if session ~= '' and sequence ~= '' then redis.call('HSET', keySequences, shard, sequence) end
  return true
end
`

/**
 * Writes sessions and sequences of the member's shards.
 *
 * ARGV[7] and on, for each shard: its number, the token of its lease, the session ('~' as it is, '' none any more), its
 * sequence (with '!' if it was closed in order, '' as it is). Answers 'ok'.
 */
export const saveScript = script(`${WRITE}
for index = 7, #ARGV, 4 do write(ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]) end
return {'ok'}
`)
