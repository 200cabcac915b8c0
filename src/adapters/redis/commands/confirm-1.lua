-- After a durable write: raises the floor, ends any lease, and replaces an older value, never filling an entry that
-- had none. Then tells those who listen, on every node of a cluster; that they may not be told is no failure.
--
-- KEYS[1]  the entry
-- ARGV[1]  revision
-- ARGV[2]  life of the value, milliseconds
-- ARGV[3]  life of an entry without a value, milliseconds
-- ARGV[4]  the value
-- ARGV[5]  the channel of those who listen
--
-- Output   nil
local entry = redis.call("HMGET", KEYS[1], "revision", "floor")
local current, floor = tonumber(entry[1]), tonumber(entry[2]) or 0
local revision = tonumber(ARGV[1])

redis.call("HSET", KEYS[1], "floor", string.format("%.0f", math.max(floor, revision)))
redis.call("HDEL", KEYS[1], "token", "until")
if not current then
  redis.call("PEXPIRE", KEYS[1], ARGV[3])
elseif current < revision then
  local time = redis.call("TIME")
  local ends = string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
  local shown = table.concat({ ARGV[1], ends, ARGV[2], ARGV[4] }, " ")
  redis.call("HSET", KEYS[1], "shown", shown, "revision", ARGV[1])
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
end
redis.pcall("PUBLISH", ARGV[5], KEYS[1])
return nil
