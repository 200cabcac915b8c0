-- Stores the value under the live lease of the token, at or above the floor. Ends any lease and raises the floor in
-- any case.
--
-- KEYS[1]  the entry
-- ARGV[1]  token
-- ARGV[2]  revision
-- ARGV[3]  life of the value, milliseconds
-- ARGV[4]  life of an entry without a value, milliseconds
-- ARGV[5]  the value; left out when there is nothing to cache
--
-- Output   1 stored | 0 refused
local entry = redis.call("HMGET", KEYS[1], "revision", "floor", "token", "until")
local current, floor = tonumber(entry[1]), tonumber(entry[2]) or 0
local revision = tonumber(ARGV[2])
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local accepted = entry[3] == ARGV[1] and now < tonumber(entry[4]) and revision >= floor

redis.call("HSET", KEYS[1], "floor", string.format("%.0f", math.max(floor, revision)))
redis.call("HDEL", KEYS[1], "token", "until")
if current and current < revision then
  redis.call("HDEL", KEYS[1], "shown", "revision")
  current = nil
end
if accepted and ARGV[5] then
  local ends = string.format("%.0f", now + ARGV[3])
  local shown = table.concat({ ARGV[2], ends, ARGV[3], ARGV[5] }, " ")
  redis.call("HSET", KEYS[1], "shown", shown, "revision", ARGV[2])
  redis.call("PEXPIRE", KEYS[1], ARGV[3])
elseif not current then
  redis.call("PEXPIRE", KEYS[1], ARGV[4])
end
return accepted and 1 or 0
