// What a run store keeps under its base key, where ids, agents, users and sessions are JSON strings, a lane is
// `<agent>,<user>,<session>` and sorted sets hold run ids by ordinal, which counts the runs in the order they came:
// - run:<id>: a hash, see RUN_FIELDS, and ordinal, epoch, key (of idempotency), settled and continues (another run)
// - answer:<id>: the last run that continues that one
// - log:<id>: a stream with an entry `<last>-1` per segment: f, its first number, and t, its text
// - lane:<lane>: a list of the session's runs that have not settled
// - agent:<agent>, user:<agent>,<user>, session:<lane>, name:<agent>,<session>, status:<status>:<agent>: what is listed
// - given-up:<lane>: the runs whose events were given up
// - owners: a sorted set of owners by when they were heard; held: a hash from owner to the number of its unsettled runs
// - owned:<agent>,<owner>: those runs; unclaimed:<agent>: runs without an owner whose turn it is
// - finished, compactable, expired: sorted sets of runs by when they ended or were given up, in microseconds
// - key:<idempotency key>: a hash of fingerprint and run; draft:<token>: a log that is being compacted
// - ordinal, fence: the last ones given out

/** What a script returns of a run that is listed, in this order. */
const SUMMARY_FIELDS = [
  "agent",
  "user",
  "session",
  "status",
  "request",
  "owner",
  "attempt",
  "created",
  "started",
  "completed",
  "last",
  "cancel",
  "expired",
];

/** What a script returns of a run, in this order. */
const RUN_FIELDS = [...SUMMARY_FIELDS, "input"];

/** Functions of scripts about runs. KEYS: the base of all keys. ARGV begins with: the base of all channels. */
export const RUN_FUNCTIONS = `
local base, channels = KEYS[1], ARGV[1]
local call = redis.call

local function tell(topic, id) call('PUBLISH', channels .. topic .. ':' .. id, '') end

-- Why a lease does not hold, if it does not. A run without an owner is held by nobody.
local function refused(run, owner, epoch)
  if not run.epoch then return 'RESOURCE_NOT_FOUND' end
  if run.owner ~= owner or run.epoch ~= epoch then return 'TAKEN' end
end
`;

/** Functions of scripts that write a log. */
export const LOG_FUNCTIONS = `
local function follows(last, first) return tonumber(first) == tonumber(last) + 1 end

local function addSegment(id, first, last, text)
  call('XADD', base .. 'log:' .. id, last .. '-1', 'f', first, 't', text)
  call('HSET', base .. 'run:' .. id, 'last', last)
  tell('log', id)
end
`;

/** The time as scripts see it, which does not move while they run. */
export const TIME_FUNCTIONS = `
local time = call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(micros / 1000)
`;

/** Functions of scripts that look at single runs. */
export const RECORD_FUNCTIONS: string = `
local function record(id) return call('HMGET', base .. 'run:' .. id, '${RUN_FIELDS.join("', '")}') end

local function summary(id) return call('HMGET', base .. 'run:' .. id, '${SUMMARY_FIELDS.join("', '")}') end

-- Fields of a run by name; those that it has not are false, all of them where there is no such run.
local function load(id, ...)
  local values, run = call('HMGET', base .. 'run:' .. id, ...), { id = id }
  for index, name in ipairs({ ... }) do run[name] = values[index] end
  return run
end

-- Forgets what stands for the run elsewhere; key and continues must be there.
local function forgetNames(run)
  if run.key and call('HGET', base .. 'key:' .. run.key, 'run') == run.id then call('DEL', base .. 'key:' .. run.key) end
  local answer = run.continues and base .. 'answer:' .. run.continues
  if answer and call('GET', answer) == run.id then call('DEL', answer) end
end

local function laneOf(run) return run.agent .. ',' .. run.user .. ',' .. run.session end
`;

/** Functions of scripts that change where a run is listed. Runs have agent, user, session, status and ordinal. */
export const INDEX_FUNCTIONS = `
local function statusKey(run, status) return base .. 'status:' .. status .. ':' .. run.agent end

local function indexes(run)
  return {
    base .. 'agent:' .. run.agent,
    base .. 'user:' .. run.agent .. ',' .. run.user,
    base .. 'session:' .. laneOf(run),
    base .. 'name:' .. run.agent .. ',' .. run.session,
    statusKey(run, run.status),
  }
end

local function enlist(run)
  for _, key in ipairs(indexes(run)) do call('ZADD', key, run.ordinal, run.id) end
end

local function unlist(run)
  for _, key in ipairs(indexes(run)) do call('ZREM', key, run.id) end
end

local function setStatus(run, status)
  call('ZREM', statusKey(run, run.status), run.id)
  call('ZADD', statusKey(run, status), run.ordinal, run.id)
  call('HSET', base .. 'run:' .. run.id, 'status', status)
end
`;

/** Functions of scripts that say who owns a run that has not settled. Runs have agent, owner and ordinal. */
export const OWNER_FUNCTIONS = `
local function hear(owner) call('ZADD', base .. 'owners', now, owner) end

local function own(run, owner)
  hear(owner)
  call('ZADD', base .. 'owned:' .. run.agent .. ',' .. owner, run.ordinal, run.id)
  call('HINCRBY', base .. 'held', owner, 1)
end

local function disown(run)
  if not run.owner then
    call('ZREM', base .. 'unclaimed:' .. run.agent, run.id)
  elseif call('ZREM', base .. 'owned:' .. run.agent .. ',' .. run.owner, run.id) == 1
    and call('HINCRBY', base .. 'held', run.owner, -1) <= 0 then
    call('HDEL', base .. 'held', run.owner)
  end
end

local function offer(run) call('ZADD', base .. 'unclaimed:' .. run.agent, run.ordinal, run.id) end

-- Makes owner the owner of the run, of which settled and epoch must be there too; returns the new epoch.
local function take(run, owner)
  if not run.settled then
    disown(run)
    own(run, owner)
  else
    hear(owner)
  end
  call('HSET', base .. 'run:' .. run.id, 'owner', owner)
  tell('control', run.id)
  return call('HINCRBY', base .. 'run:' .. run.id, 'epoch', 1)
end
`;

/** A function of scripts that hand out fences. */
export const RUN_FENCE_FUNCTIONS = `
-- Taken from the clock, so that it goes on rising when all keys, and with them the last fence, are gone.
local function nextFence()
  local fence = math.max(now, tonumber(call('GET', base .. 'fence') or '0') + 1)
  call('SET', base .. 'fence', fence)
  return fence
end
`;
