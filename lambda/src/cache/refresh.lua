#!lua
-- Refreshes entries with newer versions.
-- The first line makes a replica refuse it from the start, whether or not there is anything to write.
-- KEYS: the entries. ARGV[1]: a tombstone's seconds to live; ARGV[2]: the channel of changes; then for each key its
-- version, its view, the view's seconds and its message, empty where nobody is told.
-- A cached view is replaced; where none is cached a tombstone keeps a slow reader from filling in something older. Then
-- the message is published: who reads the entry when it comes finds nothing older.
for i, key in ipairs(KEYS) do
    local version, view, seconds, message = unpack(ARGV, 4 * i - 1, 4 * i + 2)
    local stored = redis.pcall('hmget', key, 'version', 'view')
    if stored.err then
        -- A value of another type is stored under the key. It must not keep the rest from being refreshed.
        redis.call('del', key)
        stored = {}
    end
    if tonumber(version) > (tonumber(stored[1] or '') or -1) then
        if stored[2] then
            redis.call('hset', key, 'version', version, 'view', view)
            redis.call('expire', key, seconds)
        else
            redis.call('hset', key, 'version', version)
            redis.call('expire', key, ARGV[1])
        end
        if message ~= '' then
            redis.call('publish', ARGV[2], message)
        end
    end
end
