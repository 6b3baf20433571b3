-- $1: SKUs, distinct. $2: key of the ledger's advisory lock, which maintain takes exclusively while it prunes. Creates
-- the new products and locks the existing ones. Every batch does so in one order, so that no two batches wait for each
-- other. `where false` writes nothing for an existing row but locks it. This is a statement of its own: a statement
-- that also read the rows would see them as they were before it waited.
insert into product (sku)
select wanted.sku
from (select pg_advisory_xact_lock_shared($2)) as pruning,
     unnest($1::text[]) as wanted (sku)
order by wanted.sku collate "C"
on conflict (sku) do update set sku = excluded.sku where false
