import { type RedisScript, redisScript } from "../redis-script.ts";
import { TASK_FUNCTIONS } from "./task-functions.ts";

/** Returns a word, `created`, `replayed`, `mismatch`, `full` or `userFull`, and the task's record. */
export const CREATE_TASK: RedisScript = redisScript(
  TASK_FUNCTIONS,
  `
local limits = cjson.decode(ARGV[1])
local id, user, fingerprint, input = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local delay, attempts, backoffDelay, backoffMax = tonumber(ARGV[6]), ARGV[7], ARGV[8], ARGV[9]
local key = keyOf(id)

sweep(limits)
if redis.call('EXISTS', key) == 1 then
  if (field(id, 'fingerprint') or '') == fingerprint then return {'replayed', record(id)} end
  return {'mismatch'}
end
local waitingLength = tonumber(redis.call('HGET', lane, 'waitingLength') or '0')
if redis.call('ZCARD', base .. ':all:waiting') >= limits.maxWaiting
  or waitingLength + #input > limits.maxWaitingLength then
  return {'full'}
end
local taken = user == '' and 0 or redis.call('ZCARD', base .. ':user:' .. user .. ':waiting')
if taken > 0 then
  local takenLength = tonumber(redis.call('HGET', lane, userLength(user)) or '0')
  if taken >= limits.maxWaiting * limits.maxUserShare
    or takenLength + #input > limits.maxWaitingLength * limits.maxUserShare then
    return {'userFull'}
  end
end

local time = now()
redis.call('HSET', key, 'place', redis.call('HINCRBY', lane, 'place', 1), 'createdAt', whole(time), 'attempt', 0,
  'attempts', attempts, 'backoffDelay', backoffDelay, 'backoffMax', backoffMax)
if user ~= '' then redis.call('HSET', key, 'user', user) end
if fingerprint ~= '' then redis.call('HSET', key, 'fingerprint', fingerprint) end
if input ~= '' then redis.call('HSET', key, 'input', input) end
wait(id, delay > 0 and time + delay)
redis.call('ZADD', added, time, id)
return {'created', record(id)}
`,
);

/** Takes note that a task's job was added. */
export const TASK_ADDED: RedisScript = redisScript(
  TASK_FUNCTIONS,
  "return redis.call('ZREM', added, ARGV[1])",
);

/** Gives up ended tasks. Returns up to 100 tasks whose job was not added for so long: their ids, records and attempts. */
export const SWEEP_TASKS: RedisScript = redisScript(
  TASK_FUNCTIONS,
  `
local limits, age = cjson.decode(ARGV[1]), tonumber(ARGV[2])
local rounds = 0
while rounds < 10 and sweep(limits) == 1 do rounds = rounds + 1 end
local missing = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', added, '-inf', whole(now() - age), 'LIMIT', 0, 100)) do
  table.insert(missing, {id, record(id), field(id, 'attempts')})
end
return missing
`,
);

/**
 * Begins an attempt. Returns nothing where the task, or this one of its id, is not to be worked on any more; else its
 * record, its input, how often it may be tried, and the numbers of its back-off.
 */
export const BEGIN_ATTEMPT: RedisScript = redisScript(
  TASK_FUNCTIONS,
  `
local limits, id, place, token = cjson.decode(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local maxLost, lostError = tonumber(ARGV[5]), ARGV[6]
local key = keyOf(id)
if field(id, 'place') ~= place then return false end
local status = field(id, 'status')
if status == 'active' then
  if field(id, 'token') ~= token then
    -- Who began the attempt has died, or is taken for dead: it is made again.
    if field(id, 'cancel') then
      finish(limits, id, 'canceled')
      return false
    end
    if redis.call('HINCRBY', key, 'lost', 1) > maxLost then
      finish(limits, id, 'failed', 'error', lostError)
      return false
    end
  end
elseif status == 'waiting' then
  leaveWait(id)
  setStatus(id, 'active')
  redis.call('HINCRBY', key, 'attempt', 1)
else
  return false
end
redis.call('HSET', key, 'token', token, 'startedAt', whole(now()))
return {record(id), unpack(redis.call('HMGET', key, 'input', 'attempts', 'backoffDelay', 'backoffMax'))}
`,
);

/**
 * Takes down how an attempt ended, unless another has begun since: the task then ends or waits, with a delay or without.
 * Returns its record.
 */
export const SETTLE_ATTEMPT: RedisScript = redisScript(
  TASK_FUNCTIONS,
  `
local limits, id, token, outcome, value = cjson.decode(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local delay = tonumber(ARGV[6])
if field(id, 'token') ~= token then return record(id) end
if field(id, 'cancel') then return finish(limits, id, 'canceled') end
if outcome == 'completed' then return finish(limits, id, 'completed', 'result', value) end
if outcome == 'failed' then return finish(limits, id, 'failed', 'error', value) end
if outcome == 'aborted' then redis.call('HINCRBY', keyOf(id), 'attempt', -1) end
wait(id, delay > 0 and now() + delay)
return record(id)
`,
);

/** Asks for a task to be canceled. Returns whether it had been waiting, and its record; nothing where there is none. */
export const CANCEL_TASK: RedisScript = redisScript(
  TASK_FUNCTIONS,
  `
local limits, id, cancel = cjson.decode(ARGV[1]), ARGV[2], ARGV[3]
local status = field(id, 'status')
if status == 'waiting' then
  redis.call('HSETNX', keyOf(id), 'cancel', cancel)
  leaveWait(id)
  return {1, finish(limits, id, 'canceled')}
end
if status == 'active' then
  redis.call('HSETNX', keyOf(id), 'cancel', cancel)
  redis.call('PUBLISH', base .. ':canceling', '')
end
return status and {0, record(id)}
`,
);

/** Returns a task's record and its result; nothing where there is none. */
export const GET_TASK: RedisScript = redisScript(
  TASK_FUNCTIONS,
  "return redis.call('EXISTS', keyOf(ARGV[1])) == 1 and {record(ARGV[1]), field(ARGV[1], 'result')}",
);

/** Returns why each of these tasks shall be canceled, or nothing for one that shall not. */
export const TASK_CANCELS: RedisScript = redisScript(
  TASK_FUNCTIONS,
  `
local cancels = {}
for index, id in ipairs(ARGV) do cancels[index] = field(id, 'cancel') end
return cancels
`,
);

/** Returns the ids and records of the tasks of an index before a place, the newest first. */
export const LIST_TASKS: RedisScript = redisScript(
  TASK_FUNCTIONS,
  `
local index, before, count = ARGV[1], ARGV[2], ARGV[3]
local found = {}
for _, id in ipairs(redis.call('ZREVRANGEBYSCORE', base .. index, before, '-inf', 'LIMIT', 0, count)) do
  table.insert(found, {id, record(id)})
end
return found
`,
);
