/**
 * Functions of scripts that take a session's fence, or the empty string where its handle has none. The highest fence a
 * session was used with is kept under a key that all services share, and that outlives the session's data.
 */
export const FENCE_FUNCTIONS = `
-- Takes note of a fence; true if a higher one was seen. A fence that is known already is not written again. It is kept
-- as long as the service wants it that keeps sessions longest.
local function superseded(key, fence, ttl)
  if fence == '' then return false end
  local highest = redis.call('GET', key)
  if highest and tonumber(fence) < tonumber(highest) then return true end
  local left = redis.call('PTTL', key) -- -1: for ever, -2: there is none
  if highest ~= fence then redis.call('SET', key, fence, 'KEEPTTL') end
  if ttl == '' then
    if left >= 0 then redis.call('PERSIST', key) end
  elseif left ~= -1 and left < tonumber(ttl) then
    redis.call('PEXPIRE', key, ttl)
  end
  return false
end

local function fenced()
  return redis.error_reply('FENCED superseded by a later run')
end
`;
