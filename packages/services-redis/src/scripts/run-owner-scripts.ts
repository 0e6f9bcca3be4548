import { type RedisScript, redisScript } from "../redis-script.ts";
import {
  OWNER_FUNCTIONS,
  RECORD_FUNCTIONS,
  RUN_FENCE_FUNCTIONS,
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
} from "./run-functions.ts";

// KEYS and ARGV begin as RUN_FUNCTIONS says.

/** ARGV: … run, owner, 1 if it must be unclaimed. Returns a refusal, or the empty string, epoch and the last number. */
export const ACQUIRE_RUN: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  OWNER_FUNCTIONS,
  `
local id, owner, unclaimed = unpack(ARGV, 2)
local run = load(id, 'owner', 'epoch', 'settled', 'agent', 'ordinal', 'last')
if not run.epoch then return { 'RESOURCE_NOT_FOUND' } end
if unclaimed == '1' and run.owner then return { 'CLAIMED' } end
return { '', take(run, owner), run.last }
`,
);

/** ARGV: … run, owner, epoch. Changes nothing where the lease is void or the run has ended. */
export const DISOWN_RUN: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  OWNER_FUNCTIONS,
  `
local id, owner, epoch = unpack(ARGV, 2)
local run = load(id, 'owner', 'epoch', 'completed', 'settled', 'agent', 'user', 'session', 'ordinal')
if refused(run, owner, epoch) or run.completed then return end
if not run.settled then
  disown(run)
  if call('LINDEX', base .. 'lane:' .. laneOf(run), 0) == id then offer(run) end
end
call('HDEL', base .. 'run:' .. id, 'owner')
call('HINCRBY', base .. 'run:' .. id, 'epoch', 1)
tell('control', id)
`,
);

/** ARGV: … owner. Returns for how many milliseconds it was silent. */
export const RENEW_OWNER: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  OWNER_FUNCTIONS,
  `
local heard = call('ZSCORE', base .. 'owners', ARGV[2])
hear(ARGV[2])
return heard and now - tonumber(heard) or 0
`,
);

/** A function of scripts that look for runs among those of several keys. */
const OLDEST_FUNCTION = `
-- The oldest of the runs that are under the keys, as id and ordinal.
local function oldest(keys, limit)
  local runs = {}
  for _, key in ipairs(keys) do
    local found = call('ZRANGE', key, 0, limit - 1, 'WITHSCORES')
    for index = 1, #found, 2 do runs[#runs + 1] = { found[index], tonumber(found[index + 1]) } end
  end
  table.sort(runs, function(left, right) return left[2] < right[2] end)
  for index = #runs, limit + 1, -1 do runs[index] = nil end
  return runs
end
`;

/**
 * ARGV: … owner, after how many milliseconds an owner counts as silent, how many runs, the agents. Returns of each run
 * the record, the epoch and the fence, if it has one.
 */
export const RECOVER_RUNS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  OWNER_FUNCTIONS,
  RUN_FENCE_FUNCTIONS,
  OLDEST_FUNCTION,
  `
local owner, ttl, limit = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local keys = {}
for _, silent in ipairs(call('ZRANGE', base .. 'owners', '-inf', '(' .. now - ttl, 'BYSCORE')) do
  if call('HEXISTS', base .. 'held', silent) == 1 then
    for index = 5, #ARGV do keys[#keys + 1] = base .. 'owned:' .. ARGV[index] .. ',' .. silent end
  end
end
local recovered = {}
for _, found in ipairs(oldest(keys, limit)) do
  local run = load(found[1], 'owner', 'agent', 'ordinal', 'settled', 'started')
  local epoch = take(run, owner)
  recovered[#recovered + 1] = { record(run.id), epoch, run.started and nextFence() }
end
return recovered
`,
);

/** ARGV: … how many runs, the agents. Returns the runs. */
export const UNCLAIMED_RUNS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  OLDEST_FUNCTION,
  `
local keys, ids = {}, {}
for index = 3, #ARGV do keys[#keys + 1] = base .. 'unclaimed:' .. ARGV[index] end
for _, found in ipairs(oldest(keys, tonumber(ARGV[2]))) do ids[#ids + 1] = found[1] end
return ids
`,
);
