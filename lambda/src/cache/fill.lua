-- Fills in entries that a reader has missed here and then read from the database.
-- KEYS: the entries. ARGV[1]: the time of the miss, by this server, in microseconds; ARGV[2]: the fill's longest age, in
-- microseconds; then for each key its version, its view (empty for an unknown SKU) and the entry's seconds.
-- Returns how many were stored.
-- An entry of a writer keeps out older fills, but not for ever: a fill that comes late is refused. So is one whose miss
-- is in the future, because another server has recorded it.
local now = redis.call('time')
local age = now[1] * 1000000 + now[2] - ARGV[1]
if age < 0 or age > tonumber(ARGV[2]) then
    return 0
end
local filled = 0
for i, key in ipairs(KEYS) do
    local version, view, seconds = ARGV[3 * i], ARGV[3 * i + 1], ARGV[3 * i + 2]
    local stored = redis.pcall('hmget', key, 'version', 'view')
    -- A value of another type under the key is the writers' to remove.
    if not stored.err then
        local new, known = tonumber(version), tonumber(stored[1] or '') or -1
        if new > known or (new == known and not stored[2]) then
            redis.call('hset', key, 'version', version, 'view', view)
            redis.call('expire', key, seconds)
            filled = filled + 1
        end
    end
end
return filled
