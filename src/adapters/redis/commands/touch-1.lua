-- Reads a cache entry (its layout is in cache-entry.ts) and gives it a new life.
--
-- KEYS[1]  the entry
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
return redis.call("GET", KEYS[1])
