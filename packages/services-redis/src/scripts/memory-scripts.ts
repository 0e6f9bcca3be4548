import { type RedisScript, redisScript } from "../redis-script.ts";
import { CLOCK_FUNCTIONS } from "./clock-functions.ts";
import { FENCE_FUNCTIONS } from "./fence-functions.ts";

// What an owner remembers is under five keys:
// - ids: a hash from session and message id to place
// - items: a hash from place to item
// - places: a sorted set of the places
// - sessions: a sorted set of "<session><place>", in order of the text
// - terms: a sorted set of "<term> <place>", in order of the text
// A place is 16 digits and a term holds no space; a session is a JSON string, so that none begins another.

/**
 * KEYS: the fence, ids, items, places, sessions, terms, the clock. ARGV: the fence, the session, and of each message: its
 * name in ids, the item, its terms with a space between them.
 */
export const ADD_MEMORY: RedisScript = redisScript(
  FENCE_FUNCTIONS,
  CLOCK_FUNCTIONS,
  `
if superseded(KEYS[1], ARGV[1], '') then return fenced() end
local ids, items, places, sessions, terms, clock = unpack(KEYS, 2)
for index = 3, #ARGV, 3 do
  if redis.call('HEXISTS', ids, ARGV[index]) == 0 then
    local place = string.format('%016.0f', tick(clock, 1))
    redis.call('HSET', ids, ARGV[index], place)
    redis.call('HSET', items, place, ARGV[index + 1])
    redis.call('ZADD', places, place, place)
    redis.call('ZADD', sessions, 0, ARGV[2] .. place)
    for term in string.gmatch(ARGV[index + 2], '[^ ]+') do
      redis.call('ZADD', terms, 0, term .. ' ' .. place)
    end
  end
end
`,
);

/**
 * KEYS: items, sessions, terms. ARGV: the session or the empty string, how many items, how many places of each term to
 * look at, the terms. Returns the items that hold most of the terms, the newer of equals first.
 */
export const SEARCH_MEMORY: RedisScript = redisScript(`
local matches, found = {}, {}
for index = 4, #ARGV do
  local term = ARGV[index]
  local newest = redis.call('ZRANGE', KEYS[3], '(' .. term .. '!', '[' .. term .. ' ', 'BYLEX', 'REV', 'LIMIT', 0, ARGV[3])
  for _, posting in ipairs(newest) do
    local place = string.sub(posting, -16)
    if not matches[place] then found[#found + 1] = place end
    matches[place] = (matches[place] or 0) + 1
  end
end
table.sort(found, function(left, right)
  if matches[left] ~= matches[right] then return matches[left] > matches[right] end
  return left > right
end)
local best = {}
for _, place in ipairs(found) do
  if #best == tonumber(ARGV[2]) then break end
  if ARGV[1] == '' or redis.call('ZSCORE', KEYS[2], ARGV[1] .. place) then
    local item = redis.call('HGET', KEYS[1], place)
    if item then best[#best + 1] = item end
  end
end
return best
`);

/**
 * KEYS: items, places, sessions. ARGV: the session or the empty string, the place behind which to begin or the empty
 * string, how many. Returns places and items by turns, the oldest first.
 */
export const LIST_MEMORY: RedisScript = redisScript(`
local found
if ARGV[1] == '' then
  local from = ARGV[2] == '' and '-inf' or '(' .. ARGV[2]
  found = redis.call('ZRANGE', KEYS[2], from, '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[3])
else
  found = redis.call('ZRANGE', KEYS[3], '(' .. ARGV[1] .. ARGV[2], '(' .. ARGV[1] .. ':', 'BYLEX', 'LIMIT', 0, ARGV[3])
end
local placed = {}
for index, name in ipairs(found) do
  local place = string.sub(name, -16)
  placed[2 * index - 1] = place
  placed[2 * index] = redis.call('HGET', KEYS[1], place)
end
return placed
`);

/**
 * KEYS: ids, items, places, sessions, terms. ARGV: the session, and of each item: its place, its name in ids, its terms
 * with a space between them. An item that is gone already is passed over.
 */
export const FORGET_ITEMS: RedisScript = redisScript(`
local ids, items, places, sessions, terms = unpack(KEYS)
for index = 2, #ARGV, 3 do
  local place = ARGV[index]
  if redis.call('HDEL', items, place) == 1 then
    redis.call('HDEL', ids, ARGV[index + 1])
    redis.call('ZREM', places, place)
    redis.call('ZREM', sessions, ARGV[1] .. place)
    for term in string.gmatch(ARGV[index + 2], '[^ ]+') do
      redis.call('ZREM', terms, term .. ' ' .. place)
    end
  end
end
`);

/** KEYS: what to forget. */
export const FORGET_ALL: RedisScript = redisScript(`redis.call('UNLINK', unpack(KEYS))`);
