-- Stores a cache entry (its layout is in cache-entry.ts) under a condition. Ends any lease and takes the place of a
-- stale value.
--
-- KEYS[1]  the entry
-- KEYS[2]  its lease
-- ARGV[1]  the entry's bytes
-- ARGV[2]  its life, milliseconds; empty: it stays
-- ARGV[3]  how long past that it may be shown stale, milliseconds; empty: not
-- ARGV[4]  always | if_absent | if_present | if_etag | if_leased
-- ARGV[5]  the etag or the token that it must have
--
-- Output   1 stored | 0 not met
local condition = ARGV[4]
if condition == "if_etag" then
  local length = redis.call("GETRANGE", KEYS[1], 10, 10)
  if length == "" or redis.call("GETRANGE", KEYS[1], 12, 11 + string.byte(length)) ~= ARGV[5] then
    return 0
  end
elseif condition == "if_leased" then
  local lease = redis.call("HMGET", KEYS[2], "token", "until")
  local time = redis.call("TIME")
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if lease[1] ~= ARGV[5] or now >= tonumber(lease[2]) then
    return 0
  end
elseif condition ~= "always" and (redis.call("EXISTS", KEYS[1]) == 1) ~= (condition == "if_present") then
  return 0
end

if ARGV[2] == "" then
  redis.call("SET", KEYS[1], ARGV[1])
else
  redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
end
redis.call("DEL", KEYS[2])
if ARGV[3] ~= "" then
  local time = redis.call("TIME")
  local showable = ARGV[2] + ARGV[3]
  local staleUntil = time[1] * 1000 + math.floor(time[2] / 1000) + showable
  redis.call("HSET", KEYS[2], "value", ARGV[1], "staleMs", ARGV[3], "staleUntil", string.format("%.0f", staleUntil))
  redis.call("PEXPIRE", KEYS[2], string.format("%.0f", showable))
end
return 1
