import { WRITE } from './save.js'
import { script } from './script.js'

/**
 * Gives leases back, with the last state of their sessions.
 *
 * ARGV[7]: '1' if the member leaves the fleet. ARGV[8] and on as in `save`. Answers 'ok'.
 */
export const releaseScript = script(`${WRITE}
local number = 0
for index = 8, #ARGV, 4 do
  if write(ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]) then
    redis.call('HDEL', keyOwners, ARGV[index])
    number = number + 1
  end
end
if number > 0 then redis.call('HINCRBY', keyHeld, member, -number) end
if ARGV[7] == '1' then
  redis.call('ZREM', keyMembers, member)
  -- What it could not give back has no owner from now on: the next renewal sees that the numbers differ.
  redis.call('HDEL', keyHeld, member)
end
changed()
return {'ok'}
`)
