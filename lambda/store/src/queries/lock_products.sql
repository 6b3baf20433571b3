-- $1: SKUs, distinct. $2: key of the ledger's advisory lock, which maintain takes exclusively while it prunes.
-- Locks the existing products, and returns for each its position in $1, its place and what its last transaction left: a
-- row that this statement waits for is read anew. What is available is unknown if older code has changed the view last.
-- Other tables are read by later statements, because this one would see them as they were before it waited. Every batch
-- locks in one order, so that no two wait for each other. `left join` takes the advisory lock first, and also if no
-- product exists: then the only row is one of nulls.
select locked.position, locked.place, locked.version, locked.offers, locked.available
from (select pg_advisory_xact_lock_shared($2)) as pruning
left join lateral (
    select wanted.position, found.*
    from (
        select sku, position from unnest($1::text[]) with ordinality as given (sku, position)
        order by sku collate "C"
    ) as wanted
    cross join lateral (
        select ctid as place, version, offers, case when available_version = version then available end as available
        from product
        where product.sku = wanted.sku
        for no key update
    ) as found
) as locked on true
