-- $1 ... $3: SKU, supplier and id of adjustments that may be in the ledger already.
-- $4 ... $6: SKU, supplier and time of counts. The sum of the later adjustments is returned as a row without an id.
-- `offset 0` keeps the planner, which does not know the number of keys, from reading the whole ledger for a hash join.
select found.sku, found.supplier, found.id, found.occurred_at, found.delta
from unnest($1::text[], $2::text[], $3::text[]) as identity (sku, supplier, id)
cross join lateral (
    select * from ledger
    where ledger.sku = identity.sku and ledger.supplier = identity.supplier and ledger.id = identity.id
    offset 0
) as found
union all
select count.sku, count.supplier, null, count.occurred_at, later.deltas
from unnest($4::text[], $5::text[], $6::timestamptz[]) as count (sku, supplier, occurred_at)
cross join lateral (
    select coalesce(sum(delta), 0)::bigint as deltas from ledger
    where ledger.sku = count.sku and ledger.supplier = count.supplier and ledger.occurred_at > count.occurred_at
) as later
