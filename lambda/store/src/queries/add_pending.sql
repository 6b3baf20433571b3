-- $1, $2: SKU and version. Every session inserts in one order, so that no two wait for each other; the greater version
-- is kept.
insert into pending_refresh (sku, version)
select * from unnest($1::text[], $2::bigint[]) as failed (sku, version)
order by failed.sku collate "C"
on conflict (sku) do update set version = greatest(pending_refresh.version, excluded.version)
