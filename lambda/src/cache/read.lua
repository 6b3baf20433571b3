#!lua flags=allow-oom
-- Reads entries.
-- KEYS: the entries. Returns this server's time, seconds and microseconds, and for each key version and view.
-- It writes nothing, but does not declare that (`no-writes`), so that a replica refuses it. Otherwise a primary that was
-- demoted would go on to serve the readers that are still connected to it, with the entries it had then, and they would
-- never know.
-- The time first: it must not be later than the moment at which an entry was found missing.
local now = redis.call('time')
local entries = {}
for i, key in ipairs(KEYS) do
    local stored = redis.pcall('hmget', key, 'version', 'view')
    if stored.err then
        if string.sub(stored.err, 1, 9) ~= 'WRONGTYPE' then
            return stored
        end
        -- A value of another type under the key: no entry.
        stored = {false, false}
    end
    entries[i] = stored
end
return {now[1], now[2], entries}
