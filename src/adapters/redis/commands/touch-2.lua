-- Reads a cache entry (its layout is in cache-entry.ts) and gives it a new life, which its stale value follows.
--
-- KEYS[1]  the entry
-- KEYS[2]  its lease
-- ARGV[1]  its life from now, milliseconds; empty: it stays
--
-- Output   the entry's bytes | nil
if redis.call("EXISTS", KEYS[1]) == 0 then
  return nil
end
local expireAt = 0
if ARGV[1] == "" then
  redis.call("PERSIST", KEYS[1])
else
  local time = redis.call("TIME")
  expireAt = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
  redis.call("PEXPIRE", KEYS[1], ARGV[1])
end
redis.call("SETRANGE", KEYS[1], 2, struct.pack(">d", expireAt))
local entry = redis.call("GET", KEYS[1])
local staleMs = redis.call("HGET", KEYS[2], "staleMs")
if staleMs and ARGV[1] == "" then
  redis.call("DEL", KEYS[2])
elseif staleMs then
  redis.call("HSET", KEYS[2], "value", entry, "staleUntil", string.format("%.0f", expireAt + staleMs))
  redis.call("PEXPIRE", KEYS[2], string.format("%.0f", ARGV[1] + staleMs))
end
return entry
