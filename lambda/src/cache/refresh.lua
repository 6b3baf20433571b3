#!lua
-- Refreshes entries with newer versions.
-- The first line makes a replica refuse it from the start, whether or not there is anything to write.
-- KEYS: the entries. ARGV[1]: a tombstone's seconds to live; then for each key its version, its view and the view's
-- seconds.
-- A cached view is replaced; where none is cached a tombstone keeps a slow reader from filling in something older.
for i, key in ipairs(KEYS) do
    local version, view, seconds = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
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
    end
end
