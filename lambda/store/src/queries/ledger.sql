-- $1 ... $3: SKU, supplier and id of adjustments that may be there already.
-- $4 ... $6: SKU, supplier and time of counts, after which the sum of the adjustments is needed; its row has no id.
-- `offset 0` keeps the planner, which cannot see how many keys will come, from reading the whole ledger for a hash join.
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
