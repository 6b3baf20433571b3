-- $1, $2: SKU and version of each.
delete from crossing
using (select unnest($1::text[]) as sku, unnest($2::bigint[]) as version) as told
where crossing.sku = told.sku and crossing.version = told.version and crossing.closed_at is not null
