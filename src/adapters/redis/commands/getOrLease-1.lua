-- A hit, or the permission to fill, or neither because somebody else holds it.
--
-- KEYS[1]  the entry
-- ARGV[1]  lowest revision that is a hit
-- ARGV[2]  token of the lease to take
-- ARGV[3]  life of that lease, milliseconds
-- ARGV[4]  life of an entry without a value, milliseconds
--
-- Output   what is shown of the entry | 1 leased | 0 busy
local entry = redis.call("HMGET", KEYS[1], "shown", "revision", "floor", "token", "until")
local revision = tonumber(entry[2])
if revision and revision >= tonumber(ARGV[1]) and revision >= (tonumber(entry[3]) or 0) then
  return entry[1]
end

local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The holder itself may ask again: its first answer was lost, and it has read nothing yet.
if entry[4] and entry[4] ~= ARGV[2] and now < tonumber(entry[5]) then
  return 0
end
redis.call("HSET", KEYS[1], "token", ARGV[2], "until", string.format("%.0f", now + ARGV[3]))
-- A value keeps the lifetime that it was stored with.
if not revision then
  redis.call("PEXPIRE", KEYS[1], math.max(tonumber(ARGV[3]), tonumber(ARGV[4])))
end
return 1
