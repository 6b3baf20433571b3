-- $1, $2: SKU and version. In one order for everybody, so that no two can wait for each other; the greater version stays.
insert into pending_refresh (sku, version)
select * from unnest($1::text[], $2::bigint[]) as told (sku, version)
order by told.sku collate "C"
on conflict (sku) do update set version = greatest(pending_refresh.version, excluded.version)
