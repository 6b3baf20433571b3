-- $1, $2: the first and the last number of the products to describe.
insert into description (sku, title, attributes, occurred_at, supplier, id)
select 'SKU' || lpad(number::text, 8, '0'), 'Product number ' || number, '{}', '2026-01-01', 'supplier-00', 'described'
from generate_series($1::bigint, $2::bigint) as number
