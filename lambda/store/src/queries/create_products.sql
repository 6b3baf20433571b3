-- $1: SKUs, distinct, that had no row when the existing products were locked. Returns the place of each created row. A
-- row that another transaction has created since is left alone; one that it is creating is waited for.
insert into product (sku)
select sku from unnest($1::text[]) as missing (sku)
order by sku collate "C"
on conflict (sku) do nothing
returning sku, ctid::text as place
