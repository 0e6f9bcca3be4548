import { type RedisScript, redisScript } from "../redis-script.ts";
import { CLOCK_FUNCTIONS } from "./clock-functions.ts";
import { FENCE_FUNCTIONS } from "./fence-functions.ts";
import { RECORD_FUNCTION, SESSION_FUNCTIONS } from "./session-functions.ts";

// KEYS and ARGV are those of SESSION_FUNCTIONS, but for LIST_SESSIONS and READ_SESSIONS.

/** ARGV: … name, metadata. Returns the record. */
export const CREATE_SESSION: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  CLOCK_FUNCTIONS,
  SESSION_FUNCTIONS,
  RECORD_FUNCTION,
  `
if superseded(KEYS[1], ARGV[1], ttl) then return fenced() end
if redis.call('EXISTS', session) == 1 then return redis.error_reply('SESSION_EXISTS already') end
local now = tick(clock, 1)
redis.call('HSET', session, 'created', string.format('%.0f', now))
change(ARGV[4], ARGV[5])
touch(now)
return record(session, places)
`,
);

/** ARGV: … name, metadata. Returns the record. */
export const UPDATE_SESSION: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  CLOCK_FUNCTIONS,
  SESSION_FUNCTIONS,
  RECORD_FUNCTION,
  `
if superseded(KEYS[1], ARGV[1], ttl) then return fenced() end
if redis.call('EXISTS', session) == 0 then return redis.error_reply('RESOURCE_NOT_FOUND no session') end
change(ARGV[4], ARGV[5])
touch(tick(clock, 1))
return record(session, places)
`,
);

/** Returns the record, if there is one. */
export const GET_SESSION: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  SESSION_FUNCTIONS,
  RECORD_FUNCTION,
  `
superseded(KEYS[1], ARGV[1], ttl)
return record(session, places)
`,
);

export const DELETE_SESSION: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  SESSION_FUNCTIONS,
  `
if superseded(KEYS[1], ARGV[1], ttl) then return fenced() end
redis.call('UNLINK', session, places, messages)
redis.call('ZREM', sessions, member)
`,
);

/**
 * KEYS: the sessions of an owner. ARGV: the time to live, the revision to list from or the empty string, how many.
 * Returns ids and revisions by turns, the highest revision first.
 */
export const LIST_SESSIONS: RedisScript = redisScript(`
local oldest = '-inf'
if ARGV[1] ~= '' then
  local time = redis.call('TIME')
  oldest = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]) - tonumber(ARGV[1]) * 1000)
end
local newest = ARGV[2] == '' and '+inf' or '(' .. ARGV[2]
return redis.call('ZRANGE', KEYS[1], newest, oldest, 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
`);

/** KEYS: a session and its places, and so on. Returns a record for each that is there. */
export const READ_SESSIONS: RedisScript = redisScript(
  RECORD_FUNCTION,
  `
local records = {}
for index = 1, #KEYS, 2 do records[#records + 1] = record(KEYS[index], KEYS[index + 1]) end
return records
`,
);
