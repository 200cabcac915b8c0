-- Replaces a cache entry (its layout is in cache-entry.ts) while it has the etag.
--
-- KEYS[1]  the entry
-- ARGV[1]  etag that it must have
-- ARGV[2]  the new entry, as its bytes
-- ARGV[3]  its life, milliseconds; empty: it stays
--
-- Output   1 stored | 0 not met
local length = redis.call("GETRANGE", KEYS[1], 10, 10)
if length == "" then
  return 0
end
if redis.call("GETRANGE", KEYS[1], 12, 11 + string.byte(length)) ~= ARGV[1] then
  return 0
end
if ARGV[3] == "" then
  redis.call("SET", KEYS[1], ARGV[2])
else
  redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
end
return 1
