/**
 * What the scripts on tasks have in common. A lane holds the tasks of a name; its keys begin with `base`:
 *
 * - `:lane`, a hash: the last numbers given out, and how many bytes wait, altogether and of each user, and are kept
 * - `:task:<id>`, a hash: the task
 * - `:all`, `:all:<status>`, `:user:<user>` and `:user:<user>:<status>`: its tasks' ids by place
 * - `:finished`: the ids of those that have ended, in that order
 * - `:added`: the ids of those whose job may not have been added yet, by the time they came
 *
 * Ids and users are JSON texts, and an empty text stands for none.
 */
export const TASK_FUNCTIONS = `
local base = KEYS[1]
local lane = base .. ':lane'
local finished = base .. ':finished'
local added = base .. ':added'

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

local function keyOf(id)
  return base .. ':task:' .. id
end

local function field(id, name)
  return redis.call('HGET', keyOf(id), name)
end

-- In the order that the caller knows.
local function record(id)
  return redis.call('HMGET', keyOf(id), 'place', 'status', 'user', 'attempt', 'createdAt', 'dueAt', 'startedAt',
    'completedAt', 'error', 'cancel')
end

local function indexes(id)
  local user = field(id, 'user')
  if not user then return {base .. ':all'} end
  return {base .. ':all', base .. ':user:' .. user}
end

local function setStatus(id, status)
  local place, before = unpack(redis.call('HMGET', keyOf(id), 'place', 'status'))
  for _, index in ipairs(indexes(id)) do
    if before then redis.call('ZREM', index .. ':' .. before, id)
    else redis.call('ZADD', index, place, id) end
    redis.call('ZADD', index .. ':' .. status, place, id)
  end
  redis.call('HSET', keyOf(id), 'status', status)
end

local function forget(id)
  local status = field(id, 'status')
  for _, index in ipairs(indexes(id)) do
    redis.call('ZREM', index, id)
    redis.call('ZREM', index .. ':' .. status, id)
  end
  redis.call('ZREM', finished, id)
  redis.call('DEL', keyOf(id))
end

local function length(id, name)
  return redis.call('HSTRLEN', keyOf(id), name)
end

local function userLength(user)
  return 'waitingLength:' .. user
end

local function addWaitingLength(id, bytes)
  redis.call('HINCRBY', lane, 'waitingLength', bytes)
  local user = field(id, 'user')
  if user and redis.call('HINCRBY', lane, userLength(user), bytes) <= 0 then
    redis.call('HDEL', lane, userLength(user))
  end
end

local function wait(id, dueAt)
  setStatus(id, 'waiting')
  addWaitingLength(id, length(id, 'input'))
  redis.call('HDEL', keyOf(id), 'dueAt', 'token')
  if dueAt then redis.call('HSET', keyOf(id), 'dueAt', whole(dueAt)) end
end

local function leaveWait(id)
  addWaitingLength(id, 0 - length(id, 'input'))
  redis.call('HDEL', keyOf(id), 'dueAt')
  redis.call('ZREM', added, id)
end

-- Gives up ended tasks that are out of bounds, though not too many at once. Returns 1 where there may be more.
local function sweep(limits)
  local oldest = now() - limits.finishedTtl
  for _ = 1, 100 do
    local id = redis.call('ZRANGE', finished, 0, 0)[1]
    if not id then return 0 end
    local kept = tonumber(redis.call('HGET', lane, 'finishedLength') or '0')
    local fits = redis.call('ZCARD', finished) <= limits.maxFinished and kept <= limits.maxFinishedLength
    if fits and tonumber(field(id, 'completedAt')) > oldest then return 0 end
    redis.call('HINCRBY', lane, 'finishedLength', 0 - length(id, 'result'))
    forget(id)
  end
  return 1
end

-- Ends a task, and tells those who wait for that.
local function finish(limits, id, status, name, value)
  local key = keyOf(id)
  setStatus(id, status)
  redis.call('HSET', key, 'completedAt', whole(now()))
  if name then redis.call('HSET', key, name, value) end
  redis.call('HDEL', key, 'input', 'token')
  redis.call('HINCRBY', lane, 'finishedLength', length(id, 'result'))
  redis.call('ZADD', finished, redis.call('HINCRBY', lane, 'ended', 1), id)
  redis.call('PUBLISH', base .. ':ended:' .. id, '')
  local ended = record(id)
  sweep(limits)
  return ended
end
`;
