/**
 * Functions of scripts that work on one session of a history.
 *
 * KEYS: the fence, the session (a hash), its places (a sorted set from message id to place), its messages (a hash from
 * message id to JSON), the sessions of its owner (a sorted set from session id to revision), the clock.
 * ARGV begins with: the fence, the time to live, the session's id in the set of sessions.
 */
export const SESSION_FUNCTIONS = `
local session, places, messages, sessions, clock = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local ttl, member = ARGV[2], ARGV[3]

-- Makes the session the most recently updated one of its owner.
local function touch(revision)
  redis.call('HSET', session, 'revision', string.format('%.0f', revision))
  redis.call('ZADD', sessions, string.format('%.0f', revision), member)
  if ttl == '' then return end
  for _, key in ipairs({ session, places, messages, sessions }) do redis.call('PEXPIRE', key, ttl) end
  redis.call('ZREMRANGEBYSCORE', sessions, '-inf', string.format('(%.0f', revision - tonumber(ttl) * 1000))
end

-- Takes over name and metadata, of which the empty string leaves what there is; a name of null takes it away.
local function change(name, metadata)
  if name == 'null' then redis.call('HDEL', session, 'name')
  elseif name ~= '' then redis.call('HSET', session, 'name', name) end
  if metadata ~= '' then redis.call('HSET', session, 'metadata', metadata) end
end
`;

/** A function of scripts that return sessions. */
export const RECORD_FUNCTION = `
local function record(session, places)
  local found = redis.call('HMGET', session, 'created', 'revision', 'name', 'metadata')
  if not found[1] then return false end
  found[5] = redis.call('ZCARD', places)
  return found
end
`;
