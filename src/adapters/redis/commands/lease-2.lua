-- A cache entry, or the lease to set it, or neither because somebody else holds it.
--
-- KEYS[1]  the entry
-- KEYS[2]  its lease
-- ARGV[1]  token of the lease to take
-- ARGV[2]  life of that lease, milliseconds
--
-- Output   {0, entry} | {1, stale entry or nil} granted | {2, stale entry or nil, milliseconds left} busy
local entry = redis.call("GET", KEYS[1])
if entry then
  return { 0, entry }
end

local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = redis.call("HMGET", KEYS[2], "token", "until", "value", "staleUntil")
local staleUntil = tonumber(lease[4] or 0)
local stale = now < staleUntil and lease[3]
-- The holder itself may ask again: its first answer was lost, or it waits.
if lease[1] and lease[1] ~= ARGV[1] and now < tonumber(lease[2]) then
  return { 2, stale, lease[2] - now }
end
redis.call("HSET", KEYS[2], "token", ARGV[1], "until", string.format("%.0f", now + ARGV[2]))
redis.call("PEXPIRE", KEYS[2], string.format("%.0f", math.max(tonumber(ARGV[2]), staleUntil - now)))
return { 1, stale }
