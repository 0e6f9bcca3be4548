import { type RedisScript, redisScript } from "../redis-script.ts";
import {
  INDEX_FUNCTIONS,
  LOG_FUNCTIONS,
  RECORD_FUNCTIONS,
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
} from "./run-functions.ts";

// KEYS and ARGV begin as RUN_FUNCTIONS says.

/**
 * ARGV: … of each append: run, owner, epoch, and first, last and text of the segment, which are empty where the lease is
 * to be checked only. Returns for each the empty string or why it was refused.
 */
export const APPEND_SEGMENTS: RedisScript = redisScript(
  RUN_FUNCTIONS,
  LOG_FUNCTIONS,
  `
local function append(id, owner, epoch, first, last, text)
  local found = call('HMGET', base .. 'run:' .. id, 'owner', 'epoch', 'completed', 'last')
  local refusal = refused({ owner = found[1], epoch = found[2] }, owner, epoch)
  if refusal then return refusal end
  if found[3] then return 'ENDED' end
  if first == '' then return '' end
  if not follows(found[4], first) then return 'GAP' end
  addSegment(id, first, last, text)
  return ''
end

local answers = {}
for index = 2, #ARGV, 6 do answers[#answers + 1] = append(unpack(ARGV, index, index + 5)) end
return answers
`,
);

/** ARGV: … run, owner, epoch, first, last, text, status. Returns why it was refused, NO, or the empty string. */
export const FINISH_RUN: RedisScript = redisScript(
  RUN_FUNCTIONS,
  LOG_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  INDEX_FUNCTIONS,
  `
local id, owner, epoch, first, last, text, status = unpack(ARGV, 2)
local run = load(id, 'owner', 'epoch', 'completed', 'last', 'cancel', 'status', 'agent', 'ordinal')
local refusal = refused(run, owner, epoch)
if refusal then return refusal end
if run.completed or (run.cancel and status ~= 'canceled') then return 'NO' end
if not follows(run.last, first) then return 'GAP' end
call('HSET', base .. 'run:' .. id, 'completed', now)
setStatus(run, status)
call('ZADD', base .. 'finished', micros, id)
call('ZADD', base .. 'compactable', micros, id)
addSegment(id, first, last, text)
return ''
`,
);

/**
 * ARGV: … run, after, how many bytes. Returns why it was refused, or the empty string, 1 if nothing will follow, and
 * first, last and text of each segment, at least one if there is any.
 */
export const READ_LOG: RedisScript = redisScript(
  RUN_FUNCTIONS,
  RECORD_FUNCTIONS,
  `
local id, position, wanted = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local run = load(id, 'last', 'completed', 'expired')
if not run.last then return { 'RESOURCE_NOT_FOUND' } end
if run.expired then return { 'EXPIRED' } end
local reply = { '', 0 }
-- Segments may be small or large: to read a few more at a time is quick, and never far beyond what is wanted.
local last, count = tonumber(run.last), 1
while position < last and wanted > 0 do
  local found = call('XRANGE', base .. 'log:' .. id, string.format('%.0f-0', position + 1), '+', 'COUNT', count)
  if #found == 0 then break end
  for _, entry in ipairs(found) do
    if wanted <= 0 then break end
    local fields = entry[2]
    position = tonumber(string.match(entry[1], '%d+'))
    reply[#reply + 1] = fields[2]
    reply[#reply + 1] = position
    reply[#reply + 1] = fields[4]
    wanted = wanted - #fields[4]
  end
  count = math.min(2 * count, 16)
end
if run.completed and position >= last then reply[2] = 1 end
return reply
`,
);
