-- The value, when it is at or above the floor and the revision asked for.
--
-- KEYS[1]  the entry
-- ARGV[1]  lowest revision that is a hit
--
-- Output   {value, revision, milliseconds left} | nil
local entry = redis.call("HMGET", KEYS[1], "value", "revision", "floor")
local revision = tonumber(entry[2])
if revision and revision >= tonumber(ARGV[1]) and revision >= (tonumber(entry[3]) or 0) then
  return { entry[1], revision, redis.call("PTTL", KEYS[1]) }
end
return nil
