import { type RedisScript, redisScript } from "../redis-script.ts";
import {
  INDEX_FUNCTIONS,
  LOG_FUNCTIONS,
  OWNER_FUNCTIONS,
  RECORD_FUNCTIONS,
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
} from "./run-functions.ts";

/**
 * KEYS and ARGV begin as RUN_FUNCTIONS says. ARGV: … run, agent, user, session, request, input, when it was created,
 * first, last and text of its first segment, policy, how many may wait, what an interrupted run is told; then what may be
 * empty: owner, idempotency key, its fingerprint, for how long it is remembered, the run that it continues, and why it
 * was canceled before it began. Returns why it was refused; or
 * `replayed` and a record; or the empty string and how many runs are ahead.
 */
export const CREATE_RUN: RedisScript = redisScript(
  RUN_FUNCTIONS,
  LOG_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  INDEX_FUNCTIONS,
  OWNER_FUNCTIONS,
  `
local id, agent, user, session, request, input, created, first, last, text = unpack(ARGV, 2, 11)
local policy, maxQueued, cancel, owner, key, fingerprint, ttl, continues, canceled = unpack(ARGV, 12)

if key ~= '' then
  local known = call('HMGET', base .. 'key:' .. key, 'fingerprint', 'run')
  if known[1] and known[1] ~= fingerprint then return { 'MISMATCH' } end
  if known[1] then return { 'replayed', record(known[2]) } end
end
if call('EXISTS', base .. 'run:' .. id) == 1 then return { 'CONFLICT' } end

if continues ~= '' then
  local answer = call('GET', base .. 'answer:' .. continues)
  local status = answer and load(answer, 'status').status
  if status and status ~= 'failed' and status ~= 'rejected' then return { 'ANSWERED' } end
end

local run = { id = id, agent = agent, user = user, session = session }
local lane = base .. 'lane:' .. laneOf(run)
local ahead = canceled == '' and call('LLEN', lane) or 0
if ahead > 0 then
  if policy == 'reject' then return { 'BUSY' } end
  if policy == 'enqueue' and ahead > tonumber(maxQueued) then return { 'FULL' } end
  if policy == 'interrupt' then
    for _, other in ipairs(call('LRANGE', lane, 0, -1)) do
      local found = load(other, 'completed', 'cancel')
      if not found.completed and not found.cancel then
        call('HSET', base .. 'run:' .. other, 'cancel', cancel)
        tell('control', other)
      end
    end
  end
end

run.ordinal = call('INCR', base .. 'ordinal')
run.status = canceled ~= '' and 'canceled' or ahead == 0 and 'created' or 'queued'
call('HSET', base .. 'run:' .. id, 'agent', agent, 'user', user, 'session', session, 'status', run.status,
  'request', request, 'input', input, 'created', created, 'attempt', 0, 'epoch', 1, 'ordinal', run.ordinal)
addSegment(id, first, last, text)
enlist(run)
if continues ~= '' then
  call('HSET', base .. 'run:' .. id, 'continues', continues)
  call('SET', base .. 'answer:' .. continues, id)
end
if canceled ~= '' then
  call('HSET', base .. 'run:' .. id, 'cancel', canceled, 'completed', created, 'settled', 1)
  call('ZADD', base .. 'finished', micros, id)
  call('ZADD', base .. 'compactable', micros, id)
else
  call('RPUSH', lane, id)
end
if canceled ~= '' then
  -- Nobody has to run it.
elseif owner ~= '' then
  call('HSET', base .. 'run:' .. id, 'owner', owner)
  own(run, owner)
elseif ahead == 0 then
  offer(run)
end
if key ~= '' then
  call('HSET', base .. 'run:' .. id, 'key', key)
  call('HSET', base .. 'key:' .. key, 'fingerprint', fingerprint, 'run', id)
  if ttl ~= '' then call('PEXPIRE', base .. 'key:' .. key, ttl) end
end
return { '', ahead }
`,
);
