import { script } from './script.js'

/**
 * Gives a member shards that have no owner, the lowest first, and not more than its even part.
 *
 * `doubtMs`: for which a session without a record may still be open. In keySessions 'I' and a time stands for a shard
 * whose owner was about to identify then: whether it did is not known, if that owner died.
 */
export const takeScript = script(`
if knownEpoch ~= epoch then return cjson.encode({kind = 'epoch', epoch = epoch}) end
local ends = redis.call('ZSCORE', keyMembers, member)
if not ends or tonumber(ends) < now then return cjson.encode({kind = 'gone'}) end
if now < hold then return cjson.encode({kind = 'ok', taken = {}}) end
local owners = {}
local all = redis.call('HGETALL', keyOwners)
for index = 1, #all, 2 do
  local _, _, ownGeneration = ownerOf(all[index + 1])
  -- Two generations would give the bot each event twice.
  if ownGeneration ~= generation then return cjson.encode({kind = 'ok', taken = {}}) end
  owners[all[index]] = true
end
local held = tonumber(redis.call('HGET', keyHeld, member) or 0)
local part = math.ceil(count / redis.call('ZCARD', keyMembers))
local want = math.min(ask.want, part - held)
local lost = tonumber(redis.call('HGET', keyState, 'lost') or 0)
local taken = {}
for shard = 0, count - 1 do
  if #taken >= want then break end
  local name = int(shard)
  if not owners[name] then
    token = math.max(token + 1, now)
    redis.call('HSET', keyOwners, name, member .. ' ' .. int(token) .. ' ' .. int(generation))
    local session = redis.call('HGET', keySessions, name) or ''
    local sequence = redis.call('HGET', keySequences, name) or '0'
    local since = 0
    if session == '' then since = lost
    elseif string.sub(session, 1, 1) == 'I' then
      since = tonumber(string.sub(session, 2))
      -- A turn that its owner did not live to see.
      if since > now then since = 0 end
      session = ''
    end
    local blocked = since > 0 and math.max(0, since + ask.doubtMs - now) or 0
    local final = string.sub(sequence, -1) == '!'
    if final then
      sequence = string.sub(sequence, 1, -2)
      redis.call('HSET', keySequences, name, sequence)
    end
    local record = session ~= '' and {session = session, sequence = tonumber(sequence) or 0, final = final} or nil
    taken[#taken + 1] = {shardId = shard, token = token, record = record, identifyAfterMs = blocked}
  end
end
if #taken > 0 then
  redis.call('HINCRBY', keyHeld, member, #taken)
  redis.call('HSET', keyState, 'token', int(token))
  changed()
end
return cjson.encode({kind = 'ok', taken = taken})
`)
