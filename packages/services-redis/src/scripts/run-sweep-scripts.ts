import { type RedisScript, redisScript } from "../redis-script.ts";
import { INDEX_FUNCTIONS, RECORD_FUNCTIONS, RUN_FUNCTIONS, TIME_FUNCTIONS } from "./run-functions.ts";

// KEYS and ARGV begin as RUN_FUNCTIONS says. Each does a portion; an empty time or count stands for no bound.

/** ARGV: … for how long and how many ended runs keep their events, how many to give up. Returns 1 if there are more. */
export const EXPIRE_RUNS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  INDEX_FUNCTIONS,
  `
local ttl, max, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local count = 0
if ttl ~= '' then count = call('ZCOUNT', base .. 'finished', '-inf', micros - ttl * 1000) end
if max ~= '' then count = math.max(count, call('ZCARD', base .. 'finished') - max) end
if count == 0 then return 0 end
for _, id in ipairs(call('ZRANGE', base .. 'finished', 0, math.min(count, limit) - 1)) do
  local run = load(id, 'agent', 'user', 'session', 'status', 'ordinal')
  unlist(run)
  call('ZADD', base .. 'given-up:' .. laneOf(run), run.ordinal, id)
  call('ZADD', base .. 'expired', micros, id)
  call('ZREM', base .. 'finished', id)
  call('ZREM', base .. 'compactable', id)
  call('UNLINK', base .. 'log:' .. id)
  call('HSET', base .. 'run:' .. id, 'expired', 1)
  call('HDEL', base .. 'run:' .. id, 'input')
end
return count > limit and 1 or 0
`,
);

/** ARGV: … for how long expired runs are remembered, how many to forget. Returns 1 if there may be more. */
export const FORGET_RUNS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  `
local oldest, limit = micros - ARGV[2] * 1000, tonumber(ARGV[3])
local due = call('ZRANGE', base .. 'expired', '-inf', oldest, 'BYSCORE', 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  local run = load(id, 'agent', 'user', 'session', 'settled', 'key', 'continues')
  if run.settled then
    call('ZREM', base .. 'expired', id)
    call('ZREM', base .. 'given-up:' .. laneOf(run), id)
    forgetNames(run)
    call('DEL', base .. 'run:' .. id)
  else
    -- Its session's line still needs it.
    call('ZADD', base .. 'expired', micros, id)
  end
end
return #due == limit and 1 or 0
`,
);

/** ARGV: … after how many milliseconds an owner without runs is forgotten, how many to look at. */
export const FORGET_OWNERS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  `
local silent = call('ZRANGE', base .. 'owners', '-inf', now - ARGV[2], 'BYSCORE', 'LIMIT', 0, ARGV[3])
for _, owner in ipairs(silent) do
  if call('HEXISTS', base .. 'held', owner) == 0 then call('ZREM', base .. 'owners', owner) end
end
`,
);

/**
 * ARGV: … how long after its end a run is compacted, for how many milliseconds nobody else shall try, how many runs.
 * Returns ids and ordinals of runs by turns.
 */
export const CLAIM_COMPACTION: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  `
local due = micros - ARGV[2] * 1000
local claimed = {}
for _, id in ipairs(call('ZRANGE', base .. 'compactable', '-inf', due, 'BYSCORE', 'LIMIT', 0, ARGV[4])) do
  call('ZADD', base .. 'compactable', due + ARGV[3] * 1000, id)
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = call('HGET', base .. 'run:' .. id, 'ordinal')
end
return claimed
`,
);

/**
 * ARGV: … run, its ordinal, a token, for how many milliseconds an unfinished log is kept, 1 if it is complete now; then
 * first, last and text of its next segments. Puts the log in the place of the former once it is complete. Returns 0 where
 * the run is gone or was compacted by somebody else, or what was written of the log before.
 */
export const COMPACT_LOG: RedisScript = redisScript(
  RUN_FUNCTIONS,
  RECORD_FUNCTIONS,
  `
local id, ordinal, token, ttl, complete = unpack(ARGV, 2, 6)
local draft = base .. 'draft:' .. token
local run = load(id, 'ordinal', 'expired', 'last')
local written = call('XREVRANGE', draft, '+', '-', 'COUNT', 1)[1]
local expected = written and string.match(written[1], '%d+') + 1 or 0
local due = run.ordinal == ordinal and not run.expired and call('ZSCORE', base .. 'compactable', id)
if not due or tonumber(ARGV[7]) ~= expected or (complete == '1' and ARGV[#ARGV - 1] ~= run.last) then
  call('UNLINK', draft)
  return 0
end
for index = 7, #ARGV, 3 do
  call('XADD', draft, ARGV[index + 1] .. '-1', 'f', ARGV[index], 't', ARGV[index + 2])
end
if complete ~= '1' then
  call('PEXPIRE', draft, ttl)
  return 1
end
call('PERSIST', draft)
call('UNLINK', base .. 'log:' .. id)
call('RENAME', draft, base .. 'log:' .. id)
call('ZREM', base .. 'compactable', id)
return 1
`,
);
