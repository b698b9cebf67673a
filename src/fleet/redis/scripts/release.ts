import { WRITE } from './save.js'
import { script } from './script.js'

/** Gives leases back, with the last state of their sessions. */
export const releaseScript = script(`${WRITE}
local number = 0
for _, lease in ipairs(ask.writes) do
  if write(lease) then
    redis.call('HDEL', keyOwners, int(lease.shardId))
    number = number + 1
  end
end
if number > 0 then redis.call('HINCRBY', keyHeld, member, -number) end
if ask.leave then
  redis.call('ZREM', keyMembers, member)
  -- What it could not give back has no owner from now on: the next renewal sees that the numbers differ.
  redis.call('HDEL', keyHeld, member)
end
changed()
return cjson.encode({kind = 'ok'})
`)
