-- Adds to a cache entry (its layout is in cache-entry.ts) that is the decimal text of an int64. What is applied ends any
-- lease and drops a stale value.
--
-- Lua's numbers are doubles, so the sum is left to INCRBY, which is exact and knows the range: the key holds the bare
-- number for the time of this script, which nobody else sees, and keeps its TTL meanwhile.
--
-- KEYS[1]  the entry
-- KEYS[2]  its lease
-- ARGV[1]  what to add, decimal
-- ARGV[2]  life of the entry from now, milliseconds; empty: it stays
-- ARGV[3]  its new etag
-- ARGV[4]  16 bytes that stand for the request id; empty: none
-- ARGV[5]  how many request ids are kept
--
-- Output   {0, entry} applied | {1, entry} replayed | {2} not an integer | {3} overflow
local before = redis.call("GET", KEYS[1])
local kind, ids, number = 0, "", "0"
if before then
  kind = string.byte(before, 2)
  local idsAt = 13 + string.byte(before, 11)
  local valueAt = idsAt + 16 * string.byte(before, 12)
  ids = string.sub(before, idsAt, valueAt - 1)
  number = string.sub(before, valueAt)
end
if kind ~= 0 then
  return { 2 }
end
if ARGV[4] ~= "" then
  for at = 1, #ids, 16 do
    if string.sub(ids, at, at + 15) == ARGV[4] then
      return { 1, before }
    end
  end
  ids = string.sub(ids .. ARGV[4], -16 * ARGV[5])
end

redis.call("SET", KEYS[1], number, "KEEPTTL")
local sum = redis.pcall("INCRBY", KEYS[1], ARGV[1])
if type(sum) == "table" and sum.err then
  if before then
    redis.call("SET", KEYS[1], before, "KEEPTTL")
  else
    redis.call("DEL", KEYS[1])
  end
  return { string.find(sum.err, "overflow", 1, true) and 3 or 2 }
end

local expireAt = 0
if ARGV[2] ~= "" then
  local time = redis.call("TIME")
  expireAt = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
end
local after = string.char(1, 0)
  .. struct.pack(">d", expireAt)
  .. string.char(#ARGV[3], #ids / 16)
  .. ARGV[3]
  .. ids
  .. redis.call("GET", KEYS[1])
if ARGV[2] == "" then
  redis.call("SET", KEYS[1], after)
else
  redis.call("SET", KEYS[1], after, "PX", ARGV[2])
end
redis.call("DEL", KEYS[2])
return { 0, after }
