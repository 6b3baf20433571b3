-- $1, $2: the first and the last number of the products to add; they are named as traffic.rs names them. $3: suppliers
-- of each.
insert into product (sku, version, updated_at, offers)
select 'SKU' || lpad(number::text, 8, '0'), 1, now(), $3
from generate_series($1::bigint, $2::bigint) as number
