-- $1, $2: SKU and the version that the cache was told. Rows that others have locked meanwhile are theirs to settle: this
-- statement has no order of its own, so it must not wait.
delete from pending_refresh
using (
    select pending_refresh.sku
    from pending_refresh
    join unnest($1::text[], $2::bigint[]) as told (sku, version)
        on pending_refresh.sku = told.sku and pending_refresh.version <= told.version
    for update of pending_refresh skip locked
) as settled
where pending_refresh.sku = settled.sku
