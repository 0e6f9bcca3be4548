/** Functions of scripts that number what they write. */
export const CLOCK_FUNCTIONS = `
-- The first of count numbers that are higher than all given out before: the time in microseconds since the epoch, or a
-- little more where that was given out already. They stay below 2^53 until the year 2255.
local function tick(key, count)
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local first = math.max(now, tonumber(redis.call('GET', key) or '0') + 1)
  redis.call('SET', key, string.format('%.0f', first + count - 1))
  return first
end
`;
