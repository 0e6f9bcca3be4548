import { type RedisScript, redisScript } from "../redis-script.ts";
import { INDEX_FUNCTIONS, RECORD_FUNCTIONS, RUN_FUNCTIONS } from "./run-functions.ts";

// KEYS and ARGV begin as RUN_FUNCTIONS says.

/** ARGV: … run. Returns the record, if there is one. */
export const GET_RUN: RedisScript = redisScript(
  RUN_FUNCTIONS,
  RECORD_FUNCTIONS,
  `
local found = record(ARGV[2])
return found[1] and found
`,
);

/**
 * ARGV: … where it is listed, a status or the empty string, the ordinal to list from, how many, how many bytes of requests.
 * Returns the ordinal to go on from or the empty string, how many bytes there are, and ordinals and summaries by turns, of
 * the newest first. It stops early rather than hold up others for long.
 */
export const LIST_RUNS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  RECORD_FUNCTIONS,
  `
local key, status, before = base .. ARGV[2], ARGV[3], ARGV[4]
local wanted, room = tonumber(ARGV[5]), tonumber(ARGV[6])
local candidates = status == '' and math.min(wanted, 100) or 500
local listed = call('ZRANGE', key, before, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, candidates, 'WITHSCORES')
local reply = { '', 0 }
if #listed == 2 * candidates then reply[1] = listed[#listed] end
for index = 1, #listed, 2 do
  local id, ordinal = listed[index], listed[index + 1]
  if status == '' or call('HGET', base .. 'run:' .. id, 'status') == status then
    local found = summary(id)
    reply[#reply + 1] = ordinal
    reply[#reply + 1] = found
    wanted = wanted - 1
    reply[2] = reply[2] + #found[5]
    if wanted == 0 or reply[2] >= room then
      reply[1] = ordinal
      break
    end
  end
end
return reply
`,
);

/**
 * ARGV: … agent, user, session, the highest ordinal or the empty string for all there are, how many. Forgets that many of
 * the session's runs. Returns a refusal, or the empty string, that ordinal, and 1 if there are more of them.
 */
export const DELETE_RUNS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  RECORD_FUNCTIONS,
  INDEX_FUNCTIONS,
  `
local lane = ARGV[2] .. ',' .. ARGV[3] .. ',' .. ARGV[4]
local bound, wanted = ARGV[5], tonumber(ARGV[6])
if bound == '' then
  if call('EXISTS', base .. 'lane:' .. lane) == 1 then return { 'BUSY' } end
  bound = call('GET', base .. 'ordinal') or '0'
end
for _, listed in ipairs({ base .. 'session:' .. lane, base .. 'given-up:' .. lane }) do
  for _, id in ipairs(call('ZRANGE', listed, '-inf', bound, 'BYSCORE', 'LIMIT', 0, wanted)) do
    local run = load(id, 'agent', 'user', 'session', 'status', 'key', 'continues')
    unlist(run)
    for _, key in ipairs({ 'finished', 'compactable', 'expired' }) do call('ZREM', base .. key, id) end
    call('ZREM', base .. 'given-up:' .. lane, id)
    forgetNames(run)
    call('UNLINK', base .. 'run:' .. id, base .. 'log:' .. id)
    tell('log', id)
    tell('control', id)
    wanted = wanted - 1
  end
end
return { '', bound, wanted == 0 and 1 or 0 }
`,
);
