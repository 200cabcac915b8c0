-- Raises the floor and drops a lower value; leaves a lease alone.
--
-- KEYS[1]  the entry
-- ARGV[1]  revision
-- ARGV[2]  life of an entry without a value, milliseconds
--
-- Output   nil
local entry = redis.call("HMGET", KEYS[1], "revision", "floor", "until")
local current, floor = tonumber(entry[1]), tonumber(entry[2]) or 0
local revision = tonumber(ARGV[1])

redis.call("HSET", KEYS[1], "floor", string.format("%.0f", math.max(floor, revision)))
if current and current < revision then
  redis.call("HDEL", KEYS[1], "shown", "revision")
  current = nil
end
if not current then
  local time = redis.call("TIME")
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call("PEXPIRE", KEYS[1], math.max((tonumber(entry[3]) or 0) - now, tonumber(ARGV[2])))
end
return nil
