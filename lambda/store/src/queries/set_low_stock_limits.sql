-- $1, $2, $3: kind, name and quantity of every limit, each key once. One statement is one transaction; both of its halves
-- see the table as it was before, and no row is in both.
with wanted as (
    select unnest($1::text[]) as kind, unnest($2::text[]) as name, unnest($3::bigint[]) as quantity
), dropped as (
    delete from low_stock_limit as former
    where not exists (select from wanted where wanted.kind = former.kind and wanted.name = former.name)
)
insert into low_stock_limit as former (kind, name, quantity)
select kind, name, quantity from wanted
on conflict (kind, name) do update set quantity = excluded.quantity where former.quantity <> excluded.quantity
