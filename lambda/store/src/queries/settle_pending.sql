-- $1, $2: SKU and the version to which the cache was refreshed. Rows that another session has locked are skipped: this
-- statement locks in no particular order, so it must not wait.
delete from pending_refresh
using (
    select pending_refresh.sku
    from pending_refresh
    join unnest($1::text[], $2::bigint[]) as refreshed (sku, version)
        on pending_refresh.sku = refreshed.sku and pending_refresh.version <= refreshed.version
    for update of pending_refresh skip locked
) as settled
where pending_refresh.sku = settled.sku
