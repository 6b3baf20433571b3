update product
set version = new.version, updated_at = $3
from unnest($1::text[], $2::bigint[]) as new (sku, version)
where product.sku = new.sku
