import { type RedisScript, redisScript } from "../redis-script.ts";
import { CLOCK_FUNCTIONS } from "./clock-functions.ts";
import { FENCE_FUNCTIONS } from "./fence-functions.ts";
import { SESSION_FUNCTIONS } from "./session-functions.ts";

// KEYS and ARGV are those of SESSION_FUNCTIONS.

/** ARGV: … id and JSON of each message. */
export const APPEND_MESSAGES: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  CLOCK_FUNCTIONS,
  SESSION_FUNCTIONS,
  `
if superseded(KEYS[1], ARGV[1], ttl) then return fenced() end
local new = {}
for index = 4, #ARGV, 2 do
  if redis.call('HSETNX', messages, ARGV[index], ARGV[index + 1]) == 1 then new[#new + 1] = ARGV[index] end
end
if #new == 0 then return end
local first = tick(clock, #new)
for index, id in ipairs(new) do redis.call('ZADD', places, string.format('%.0f', first + index - 1), id) end
redis.call('HSETNX', session, 'created', string.format('%.0f', first))
touch(first + #new - 1)
`,
);

/**
 * ARGV: … asc or desc, the place behind which to begin or the empty string, how many. Returns places and JSON by turns:
 * it reads those messages only.
 */
export const GET_MESSAGES: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  SESSION_FUNCTIONS,
  `
superseded(KEYS[1], ARGV[1], ttl)
local from = ARGV[5] ~= '' and '(' .. ARGV[5]
local found
if ARGV[4] == 'asc' then
  found = redis.call('ZRANGE', places, from or '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[6], 'WITHSCORES')
else
  found = redis.call('ZRANGE', places, from or '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[6], 'WITHSCORES')
end
local placed = {}
for index = 1, #found, 2 do
  placed[index] = found[index + 1]
  placed[index + 1] = redis.call('HGET', messages, found[index])
end
return placed
`,
);

/** ARGV: … the ids. */
export const DELETE_MESSAGES: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  CLOCK_FUNCTIONS,
  SESSION_FUNCTIONS,
  `
if superseded(KEYS[1], ARGV[1], ttl) then return fenced() end
local deleted = 0
for index = 4, #ARGV do
  deleted = deleted + redis.call('HDEL', messages, ARGV[index])
  redis.call('ZREM', places, ARGV[index])
end
if deleted > 0 then touch(tick(clock, 1)) end
`,
);

export const DELETE_ALL_MESSAGES: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  CLOCK_FUNCTIONS,
  SESSION_FUNCTIONS,
  `
if superseded(KEYS[1], ARGV[1], ttl) then return fenced() end
if redis.call('UNLINK', places, messages) > 0 then touch(tick(clock, 1)) end
`,
);
