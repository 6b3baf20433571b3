-- $1 ... $3: SKU, supplier and time of new counts. Adjustments that are not later than the count are part of it. $4:
-- maximum number of rows, so that a count that supersedes millions does not take longer than a batch may. The remaining
-- rows have no effect any more; the next counts and pruning remove them.
delete from ledger
where ctid = any(array(
    select superseded.ctid
    from unnest($1::text[], $2::text[], $3::timestamptz[]) as count (sku, supplier, occurred_at)
    cross join lateral (
        select ledger.ctid from ledger
        where ledger.sku = count.sku and ledger.supplier = count.supplier and ledger.occurred_at <= count.occurred_at
        offset 0
    ) as superseded
    limit $4
))
