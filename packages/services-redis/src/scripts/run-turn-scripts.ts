import { type RedisScript, redisScript } from "../redis-script.ts";
import {
  INDEX_FUNCTIONS,
  OWNER_FUNCTIONS,
  RECORD_FUNCTIONS,
  RUN_FENCE_FUNCTIONS,
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
} from "./run-functions.ts";

// KEYS and ARGV begin as RUN_FUNCTIONS says.

/** ARGV: … run, owner, epoch. Returns why it was refused, or WAITS, or the empty string and the fence. */
export const TAKE_TURN: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  INDEX_FUNCTIONS,
  RUN_FENCE_FUNCTIONS,
  `
local id, owner, epoch = unpack(ARGV, 2)
local run = load(id, 'owner', 'epoch', 'completed', 'settled', 'status', 'agent', 'user', 'session', 'ordinal')
local refusal = refused(run, owner, epoch)
if refusal then return { refusal } end
if run.settled then return { 'LEFT' } end
if call('LINDEX', base .. 'lane:' .. laneOf(run), 0) ~= id then return { 'WAITS' } end
if not run.completed then
  setStatus(run, 'in_progress')
  call('HSETNX', base .. 'run:' .. id, 'started', now)
  call('HINCRBY', base .. 'run:' .. id, 'attempt', 1)
end
return { '', nextFence() }
`,
);

/** ARGV: … run, owner, epoch. Returns the run whose turn it is now, if nobody owns that. */
export const RELEASE_RUN: RedisScript = redisScript(
  RUN_FUNCTIONS,
  TIME_FUNCTIONS,
  RECORD_FUNCTIONS,
  OWNER_FUNCTIONS,
  `
local id, owner, epoch = unpack(ARGV, 2)
local run = load(id, 'owner', 'epoch', 'settled', 'agent', 'user', 'session', 'ordinal')
if refused(run, owner, epoch) or run.settled then return false end
call('HSET', base .. 'run:' .. id, 'settled', 1)
disown(run)
local lane = base .. 'lane:' .. laneOf(run)
call('LREM', lane, 1, id)
tell('control', id)
local head = call('LINDEX', lane, 0)
if not head then return false end
tell('control', head)
local next = load(head, 'owner', 'agent', 'ordinal')
if next.owner then return false end
offer(next)
return head
`,
);

/** ARGV: … run, why. Returns a refusal, or the empty string and the record. */
export const REQUEST_CANCEL: RedisScript = redisScript(
  RUN_FUNCTIONS,
  RECORD_FUNCTIONS,
  `
local id, cancel = unpack(ARGV, 2)
local run = load(id, 'epoch', 'completed', 'cancel')
if not run.epoch then return { 'RESOURCE_NOT_FOUND' } end
if not run.completed and not run.cancel then
  call('HSET', base .. 'run:' .. id, 'cancel', cancel)
  tell('control', id)
end
return { '', record(id) }
`,
);

/** ARGV: … run. Returns a refusal, or the empty string and why it shall be canceled, if it shall. */
export const CANCEL_OF: RedisScript = redisScript(
  RUN_FUNCTIONS,
  `
local found = call('HMGET', base .. 'run:' .. ARGV[2], 'epoch', 'cancel')
if not found[1] then return { 'RESOURCE_NOT_FOUND' } end
return { '', found[2] }
`,
);
