import { type RedisScript, redisScript } from "../redis-script.ts";
import { FENCE_FUNCTIONS } from "./fence-functions.ts";

// KEYS of all: the fence, the hash from round to state. ARGV of all begin with: the fence, the time to live.

/** ARGV: … the round or the empty string, how many rounds to keep, the state. Returns the round. */
export const SAVE_STATE: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  `
if superseded(KEYS[1], ARGV[1], ARGV[2]) then return fenced() end
local round = ARGV[3]
local others = {}
for _, other in ipairs(redis.call('HKEYS', KEYS[2])) do
  if other ~= round then others[#others + 1] = tonumber(other) end
end
table.sort(others)
if round == '' then round = string.format('%.0f', (others[#others] or 0) + 1) end
redis.call('HSET', KEYS[2], round, ARGV[5])
for index = 1, #others + 1 - tonumber(ARGV[4]) do
  redis.call('HDEL', KEYS[2], string.format('%.0f', others[index]))
end
if ARGV[2] ~= '' then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return round
`,
);

/** ARGV: … the round or the empty string. Returns the state, if there is one. */
export const EXPORT_STATE: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  `
superseded(KEYS[1], ARGV[1], ARGV[2])
local round = ARGV[3]
if round == '' then
  local highest = -1
  for _, other in ipairs(redis.call('HKEYS', KEYS[2])) do highest = math.max(highest, tonumber(other)) end
  round = string.format('%.0f', highest)
end
return redis.call('HGET', KEYS[2], round)
`,
);

export const DELETE_STATE: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  `
if superseded(KEYS[1], ARGV[1], ARGV[2]) then return fenced() end
redis.call('UNLINK', KEYS[2])
`,
);
