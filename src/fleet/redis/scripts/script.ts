import { createHash } from 'node:crypto'

/** A Lua script, and the digest by which Redis knows it once it is loaded. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

/**
 * What every script begins with. The keys are those of `keysOf()`; the first arguments are the same for all:
 *
 * | | |
 * | --- | --- |
 * | ARGV[1] | the time of Redis after which the command does nothing, in milliseconds; 0: no limit |
 * | ARGV[2] | the member |
 * | ARGV[3] | the epoch that the member knows; '' before its first answer |
 * | ARGV[4] | the name of a new epoch, if one has to begin |
 * | ARGV[5] | the highest token that the member has seen |
 * | ARGV[6] | the term of a lease, in milliseconds |
 *
 * A new epoch begins where Redis holds nothing, was restarted (its run_id) or rolled back (a token lower than one that
 * was seen). Then, and after a time in which no command came, no shard is given away before one term has passed: until
 * then a member may still believe in a lease that Redis no longer knows.
 */
const PRELUDE = `
local keyState, keyMembers, keyHeld, keyOwners = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local keySessions, keySequences, keyTurns = KEYS[5], KEYS[6], KEYS[7]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local notAfter, member, knownEpoch = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local tide, term = tonumber(ARGV[5]), tonumber(ARGV[6])
local function int(number) return string.format('%.0f', number) end
if notAfter > 0 and now > notAfter then return {'late'} end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local state = redis.call('HMGET', keyState, 'epoch', 'run', 'seen', 'hold', 'token', 'version', 'generation', 'count')
local epoch, seen, hold = state[1], tonumber(state[3] or now), tonumber(state[4] or 0)
local token, version = tonumber(state[5] or 0), tonumber(state[6] or 0)
local generation, count = tonumber(state[7] or 0), tonumber(state[8] or 0)
if not epoch or state[2] ~= run or token < tide then
  if not epoch then redis.call('HSET', keyState, 'born', int(now)) end
  epoch, hold, token, version = ARGV[4], now + term, math.max(token, tide, now), version + 1
  redis.call('HSET', keyState, 'epoch', epoch, 'run', run, 'hold', int(hold), 'token', int(token), 'version', int(version))
elseif math.abs(now - seen) > 1500 and (seen < hold or redis.call('HLEN', keyOwners) > 0) then
  hold = now + term
  redis.call('HSET', keyState, 'hold', int(hold))
end
redis.call('HSET', keyState, 'seen', int(now))
local function ownerOf(record)
  local name, token, generation = string.match(record, '^(%S+) (%d+) (%d+)$')
  return name, tonumber(token), tonumber(generation)
end
local function changed()
  version = version + 1
  redis.call('HSET', keyState, 'version', int(version))
end
`

export function script(body: string): Script {
  const text = `${PRELUDE}${body}`
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}
