-- $1 ... $7: adjustments, distinct, by position, and whether each may have a row already. Those without one are
-- entered; of the others the row is returned. `on conflict` would look up each of them.
-- $8 ... $12: new counts, by position, and whether each may have later rows. The sum of these is returned, without
-- what this statement enters. The rows that are not later are part of the count and are removed: at most $13 of them,
-- so that a count that supersedes millions does not take longer than a batch may. The remaining ones have no effect
-- any more; the next counts and pruning remove them. All rows are read as they were before this statement: one that it
-- removes is returned all the same. `offset 0` makes the planner, which does not know the number of keys, look each
-- one up.
with adjustment as materialized (
    select wanted.*, stored.occurred_at as stored_at, stored.delta as stored_delta
    from (
        select unnest($1::integer[]) as position, unnest($2::text[]) as sku, unnest($3::text[]) as supplier,
               unnest($4::text[]) as id, unnest($5::timestamptz[]) as occurred_at, unnest($6::bigint[]) as delta,
               unnest($7::boolean[]) as may_be_stored
    ) as wanted
    left join lateral (
        select occurred_at, delta from ledger
        where wanted.may_be_stored
            and ledger.sku = wanted.sku and ledger.supplier = wanted.supplier and ledger.id = wanted.id
        offset 0
    ) as stored on true
), entered as (
    insert into ledger (sku, supplier, id, occurred_at, delta)
    select sku, supplier, id, occurred_at, delta from adjustment where stored_at is null
), count as materialized (
    select unnest($8::integer[]) as position, unnest($9::text[]) as sku, unnest($10::text[]) as supplier,
           unnest($11::timestamptz[]) as occurred_at, unnest($12::boolean[]) as is_late
), superseded as (
    delete from ledger
    where ctid = any(array(
        select earlier.ctid
        from count
        cross join lateral (
            select ledger.ctid from ledger
            where ledger.sku = count.sku and ledger.supplier = count.supplier
                and ledger.occurred_at <= count.occurred_at
            offset 0
        ) as earlier
        limit $13
    ))
)
select false as is_sum, position, stored_at as occurred_at, stored_delta as delta
from adjustment
where stored_at is not null
union all
select true, count.position, count.occurred_at, later.deltas
from count
cross join lateral (
    select coalesce(sum(delta), 0)::bigint as deltas from ledger
    where ledger.sku = count.sku and ledger.supplier = count.supplier and ledger.occurred_at > count.occurred_at
) as later
where count.is_late
