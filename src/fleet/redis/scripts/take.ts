import { script } from './script.js'

/**
 * Gives a member shards that have no owner, the lowest first, and not more than its even part.
 *
 * ARGV[7]: how many it wants. ARGV[8]: milliseconds for which a session without a record may still be open.
 *
 * Answers 'epoch', 'gone', or 'ok', and for each shard its number, token, session ('' if none), sequence (with '!' if
 * its owner closed it in order), and the milliseconds until it may identify. In keySessions 'I' and a time stands for a
 * shard whose owner was about to identify then: whether it did is not known, if that owner died.
 */
export const takeScript = script(`
if knownEpoch ~= epoch then return {'epoch', epoch} end
local ends = redis.call('ZSCORE', keyMembers, member)
if not ends or tonumber(ends) < now then return {'gone'} end
if now < hold then return {'ok', {}} end
local owners = {}
local all = redis.call('HGETALL', keyOwners)
for index = 1, #all, 2 do
  local _, _, ownGeneration = ownerOf(all[index + 1])
  -- Two generations would give the bot each event twice.
  if ownGeneration ~= generation then return {'ok', {}} end
  owners[all[index]] = true
end
local held = tonumber(redis.call('HGET', keyHeld, member) or 0)
local part = math.ceil(count / redis.call('ZCARD', keyMembers))
local want = math.min(tonumber(ARGV[7]), part - held)
local lost = tonumber(redis.call('HGET', keyState, 'lost') or 0)
local doubt = tonumber(ARGV[8])
local taken = {}
local number = 0
for shard = 0, count - 1 do
  if number >= want then break end
  local name = int(shard)
  if not owners[name] then
    number = number + 1
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
    local blocked = since > 0 and math.max(0, since + doubt - now) or 0
    if string.sub(sequence, -1) == '!' then redis.call('HSET', keySequences, name, string.sub(sequence, 1, -2)) end
    for _, value in ipairs({shard, int(token), session, sequence, int(blocked)}) do taken[#taken + 1] = value end
  end
end
if number > 0 then
  redis.call('HINCRBY', keyHeld, member, number)
  redis.call('HSET', keyState, 'token', int(token))
  changed()
end
return {'ok', taken}
`)
