-- Writes and reads in a script: what a server must be able to do to hold entries.
--
-- KEYS[1]  the probe key
-- ARGV[1]  text to write
-- ARGV[2]  life of the key, milliseconds
--
-- Output   the text
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return redis.call("GET", KEYS[1])
