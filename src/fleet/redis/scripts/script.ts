import { createHash } from 'node:crypto'
import type { Caller } from '../../store.js'

/** A Lua script, and the digest by which Redis knows it once it is loaded. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

/** What every script is asked, beside what the method of the store is. */
export interface Asked extends Caller {
  /** The time of Redis after which the command does nothing, in milliseconds; undefined: no limit. */
  readonly notAfter: number | undefined
  /** The name of a new epoch, if one has to begin. */
  readonly newEpoch: string
  /** The term of a lease, in milliseconds. */
  readonly termMs: number
}

/**
 * What every script begins with. The keys are those of `keysOf()`. ARGV[1] is the question as JSON: {@link Asked}, and
 * the parameters of the method by their names in `FleetStore`. The answer is JSON too, as that method gives it.
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
local ask = cjson.decode(ARGV[1])
local member, knownEpoch, tide, term = ask.member, ask.epoch, ask.tide, ask.termMs
local function int(number) return string.format('%.0f', number) end
if ask.notAfter and now > ask.notAfter then return cjson.encode({kind = 'late'}) end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local state = redis.call('HMGET', keyState, 'epoch', 'run', 'seen', 'hold', 'token', 'version', 'generation', 'count')
local epoch, seen, hold = state[1], tonumber(state[3] or now), tonumber(state[4] or 0)
local token, version = tonumber(state[5] or 0), tonumber(state[6] or 0)
local generation, count = tonumber(state[7] or 0), tonumber(state[8] or 0)
if not epoch or state[2] ~= run or token < tide then
  if not epoch then redis.call('HSET', keyState, 'born', int(now)) end
  epoch, hold, token, version = ask.newEpoch, now + term, math.max(token, tide, now), version + 1
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
