-- $1: SKUs, distinct. Creates those that have no row. One that another transaction is creating is waited for; if it is
-- there then, nothing is created. Every batch creates in one order, and before it locks, so that no two wait for each
-- other. `on conflict` alone would take twice as long for a product that exists; `offset 0` makes the planner look each
-- one up by key.
insert into product (sku)
select sku from unnest($1::text[]) as wanted (sku)
where not exists (select from product where product.sku = wanted.sku offset 0)
order by sku collate "C"
on conflict (sku) do nothing
