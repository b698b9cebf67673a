import { script } from './script.js'

/**
 * Renews the lease of a member, lets it join, takes its claims, and removes the members whose lease has ended.
 *
 * Answers `count` where nobody has said how many shards there are, `epoch` to a member that has to claim, `gone` to one
 * whose lease has ended.
 */
export const renewScript = script(`
local join, claims = ask.join, ask.claims
local isOther = knownEpoch ~= epoch
if not join then
  if isOther and not claims then return cjson.encode({kind = 'epoch', epoch = epoch}) end
  if not isOther and not redis.call('ZSCORE', keyMembers, member) then return cjson.encode({kind = 'gone'}) end
else
  local wanted = join.count
  if count == 0 and wanted == 0 then return cjson.encode({kind = 'count'}) end
  if count == 0 or (join.kind == 'fixed' and count ~= wanted) then
    count, generation = wanted, generation + 1
    redis.call('HSET', keyState, 'count', int(count), 'generation', int(generation))
    changed()
  end
end
if redis.call('ZADD', keyMembers, int(now + term), member) == 1 then
  redis.call('HSETNX', keyHeld, member, '0')
  changed()
end
if isOther and knownEpoch ~= '' then
  local born = redis.call('HGET', keyState, 'born')
  if born then redis.call('HSET', keyState, 'lost', born) end
end

local mine = nil
local function scan(each)
  local all = redis.call('HGETALL', keyOwners)
  for index = 1, #all, 2 do
    local owner, ownToken = ownerOf(all[index + 1])
    each(all[index], owner, ownToken)
  end
end

if isOther and claims then
  local claimed = {}
  for _, lease in ipairs(claims.holdings) do claimed[int(lease.shardId)] = lease.token end
  local claimCount = claims.count
  if count == 0 then count = claimCount end
  if count == claimCount then generation = math.max(generation, claims.generation) end
  redis.call('HSET', keyState, 'count', int(count), 'generation', int(generation))
  -- Shards of another count are claimed too: until they are given back, no shard of the new one may be taken.
  local claimGeneration = count == claimCount and generation or generation - 1
  local lost = {}
  scan(function(shard, owner, ownToken)
    if owner == member then
      if not claimed[shard] then redis.call('HDEL', keyOwners, shard) end
    elseif claimed[shard] and (now >= hold or ownToken > claimed[shard]) then
      claimed[shard] = nil
    elseif claimed[shard] then
      redis.call('HINCRBY', keyHeld, owner, -1)
    end
  end)
  mine = {}
  for shard, ownToken in pairs(claimed) do
    redis.call('HSET', keyOwners, shard, member .. ' ' .. int(ownToken) .. ' ' .. int(claimGeneration))
    mine[#mine + 1] = {shardId = tonumber(shard), token = ownToken}
  end
  redis.call('HSET', keyHeld, member, #mine)
  changed()
end

if now >= hold then
  local dead = redis.call('ZRANGEBYSCORE', keyMembers, '-inf', int(now))
  if #dead > 0 then
    local isDead = {}
    for _, name in ipairs(dead) do
      isDead[name] = true
      redis.call('ZREM', keyMembers, name)
      redis.call('HDEL', keyHeld, name)
    end
    changed()
  end
  -- What the dead had, and after a rollback what belongs to no member, has no owner.
  local sum = 0
  for _, number in ipairs(redis.call('HVALS', keyHeld)) do sum = sum + tonumber(number) end
  if sum ~= redis.call('HLEN', keyOwners) then
    local live = {}
    for _, name in ipairs(redis.call('ZRANGE', keyMembers, 0, -1)) do live[name] = 0 end
    scan(function(shard, owner)
      if live[owner] then live[owner] = live[owner] + 1 else redis.call('HDEL', keyOwners, shard) end
    end)
    redis.call('DEL', keyHeld)
    for name, number in pairs(live) do redis.call('HSET', keyHeld, name, number) end
    changed()
  end
end

local own = tonumber(redis.call('HGET', keyHeld, member) or 0)
if mine == nil and own ~= ask.held then
  mine = {}
  scan(function(shard, owner, ownToken)
    if owner == member then mine[#mine + 1] = {shardId = tonumber(shard), token = ownToken} end
  end)
  if #mine ~= own then
    redis.call('HSET', keyHeld, member, #mine)
    changed()
  end
end

local members = nil
if version ~= ask.version then
  members = {}
  for _, name in ipairs(redis.call('ZRANGE', keyMembers, 0, -1)) do
    members[#members + 1] = {member = name, held = tonumber(redis.call('HGET', keyHeld, name) or 0)}
  end
end
local free = count - redis.call('HLEN', keyOwners)
return cjson.encode({
  kind = 'ok', now = now, epoch = epoch, holdUntil = hold, tide = token, version = version,
  generation = generation, count = count, free = free, members = members, own = mine
})
`)
