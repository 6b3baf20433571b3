#!lua flags=allow-oom
-- What entries say. KEYS: the entries. Returns this server's time, seconds and microseconds, and for each key version and view.
-- It writes nothing, but does not say so (`no-writes`): thus a replica refuses it. A primary that was demoted would answer readers
-- who are still connected to it with what it held then, and they would never know.
-- The time first: it must not be later than the moment at which something was found missing.
local now = redis.call('time')
local entries = {}
for i, key in ipairs(KEYS) do
    local stored = redis.pcall('hmget', key, 'version', 'view')
    if stored.err then
        if string.sub(stored.err, 1, 9) ~= 'WRONGTYPE' then
            return stored
        end
        -- Something else lies under the key: no entry.
        stored = {false, false}
    end
    entries[i] = stored
end
return {now[1], now[2], entries}
