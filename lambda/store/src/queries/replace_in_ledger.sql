-- Adjustments that were delivered before with an earlier time. The earlier row may be gone: a count has superseded it.
insert into ledger (sku, supplier, id, occurred_at, delta)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[])
on conflict (sku, supplier, id) do update
set occurred_at = excluded.occurred_at, delta = excluded.delta, applied_at = now()
