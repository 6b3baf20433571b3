-- $1, $2: the first and the last number of the products. $3: suppliers of each. $4: the level of each offer. Each has
-- been adjusted, counted and priced.
insert into offer (sku, supplier, on_hand, adjusted_at, counted_at, counted_id, amount, currency, priced_at, priced_id)
select 'SKU' || lpad(number::text, 8, '0'), 'supplier-' || lpad(((number + nth) % 64)::text, 2, '0'),
       $4, '2026-01-01', '2026-01-01', 'counted', 9.99, 'GBP', '2026-01-01', 'priced'
from generate_series($1::bigint, $2::bigint) as number, generate_series(0, $3::integer - 1) as nth
