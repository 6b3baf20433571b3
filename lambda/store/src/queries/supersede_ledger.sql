-- $1 … $3: SKU, supplier and time of new counts. What is not later than the count is part of it.
delete from ledger
using unnest($1::text[], $2::text[], $3::timestamptz[]) as count (sku, supplier, occurred_at)
where ledger.sku = count.sku and ledger.supplier = count.supplier
  and ledger.occurred_at <= count.occurred_at
