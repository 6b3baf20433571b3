-- $1 ... $3: a place: a row's transaction and time, and how many of its SKUs are before the place. $4: the most SKUs.
-- Returns the SKUs after the place, oldest first, and how many are before the place after each. The place's own row
-- comes first, without a SKU if none of its own is left: if it does not, this is not the database that the place is of,
-- or the row is pruned. Only rows of transactions before every one that is running in this statement's snapshot: what
-- commits later is after these. The slice bounds what a row adds, and the inner limit makes the planner read the rows
-- by their key.
select found.transaction, found.changed_at, entry.before, entry.sku
from (
    select transaction, changed_at, skus,
           case when (transaction, changed_at) = ($1, $2) then $3 else 0 end as before
    from change
    where (transaction, changed_at) >= ($1, $2)
        and transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    order by transaction, changed_at
    limit $4 + 1
) as found
left join lateral (
    select found.before + number::integer as before, sku
    from unnest(found.skus[found.before + 1 : found.before + $4]) with ordinality as given (sku, number)
) as entry on true
order by found.transaction, found.changed_at, entry.before
limit $4 + 1
