#!lua
-- Announces newer versions of products.
-- The first line makes a replica refuse it from the start, whether or not there is anything to write.
-- KEYS: the entries. ARGV[1]: a tombstone's seconds to live; ARGV[2]: the channel of changes; then for each key its
-- version and its message, empty where nobody is told.
-- Where no view is cached, a tombstone keeps a slow reader from filling in something older, and the message is
-- published. An older view stays until refresh.lua replaces it: returns the numbers of the keys that hold one.
local outdated = {}
for i, key in ipairs(KEYS) do
    local version, message = ARGV[2 * i + 1], ARGV[2 * i + 2]
    local stored = redis.pcall('hmget', key, 'version', 'view')
    if stored.err then
        -- A value of another type is stored under the key. It must not keep the rest from being announced.
        redis.call('del', key)
        stored = {}
    end
    if tonumber(version) > (tonumber(stored[1] or '') or -1) then
        if stored[2] then
            outdated[#outdated + 1] = i
        else
            redis.call('hset', key, 'version', version)
            redis.call('expire', key, ARGV[1])
            if message ~= '' then
                redis.call('publish', ARGV[2], message)
            end
        end
    end
end
return outdated
