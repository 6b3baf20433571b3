-- $1, $2: the first and the last number of the rows to add. $3: number of products. $4: rows a minute. $5: minutes of
-- the horizon. $6: its end. A row's product follows its number in steps that spread over the catalog; the first rows are
-- the oldest.
insert into ledger (sku, supplier, id, occurred_at, delta, applied_at)
select 'SKU' || lpad(product::text, 8, '0'), 'supplier-' || lpad((product % 64)::text, 2, '0'),
       'sale-' || lpad(to_hex(number), 16, '0'), applied_at - interval '1 second', -1, applied_at
from generate_series($1::bigint, $2::bigint) as number,
     lateral (select number * 7368787 % $3::bigint as product,
                     $6::timestamptz - make_interval(secs => ($5::float8 - number / $4::float8) * 60) as applied_at) as row
