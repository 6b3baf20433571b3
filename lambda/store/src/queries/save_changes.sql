-- Writes everything but the ledger. The products are locked: what had no row has none now either, and a row is where it
-- was when it was read, so it need not be looked up again. `on conflict` would lock, and log, each row once more.
-- Arrays are expanded side by side in the select list: `unnest` of several in `from` stores each of them first.
-- $1 ... $9: changed offers, by place. $10 ... $19: new offers. $20 ... $27: descriptions. $28: SKUs that the
-- transaction created but that have no accepted event. $29 ... $32: changed products, by place, with version, number of
-- offers and what is available. $33: the transaction's time. $34: the changed products' SKUs, for readers that follow
-- the catalog. $35 ... $40: the products of which something else is available than before: SKU, version, before, after,
-- and the category, if the transaction has described the product. A crossing is of the limit for the SKU, else for the
-- category, else of the default. Of a product's crossings one is open at most; it is changed, until it is closed.
-- Without limits nothing is looked up. `offset 0` keeps the planner from looking a limit up for each use of it.
with updated as (
    update offer
    set on_hand = new.on_hand, adjusted_at = new.adjusted_at, counted_at = new.counted_at, counted_id = new.counted_id,
        amount = new.amount, currency = new.currency, priced_at = new.priced_at, priced_id = new.priced_id
    from (
        select unnest($1::tid[]) as place, unnest($2::bigint[]) as on_hand,
               unnest($3::timestamptz[]) as adjusted_at, unnest($4::timestamptz[]) as counted_at,
               unnest($5::text[]) as counted_id, unnest($6::numeric[]) as amount, unnest($7::text[]) as currency,
               unnest($8::timestamptz[]) as priced_at, unnest($9::text[]) as priced_id
    ) as new
    where offer.ctid = new.place
), inserted as (
    insert into offer
        (sku, supplier, on_hand, adjusted_at, counted_at, counted_id, amount, currency, priced_at, priced_id)
    select unnest($10::text[]), unnest($11::text[]), unnest($12::bigint[]), unnest($13::timestamptz[]),
           unnest($14::timestamptz[]), unnest($15::text[]), unnest($16::numeric[]), unnest($17::text[]),
           unnest($18::timestamptz[]), unnest($19::text[])
), described as (
    insert into description (sku, title, description, category, attributes, occurred_at, supplier, id)
    select unnest($20::text[]), unnest($21::text[]), unnest($22::text[]), unnest($23::text[]),
           unnest($24::text[])::jsonb, unnest($25::timestamptz[]), unnest($26::text[]), unnest($27::text[])
    on conflict (sku) do update
    set title = excluded.title, description = excluded.description, category = excluded.category,
        attributes = excluded.attributes, occurred_at = excluded.occurred_at, supplier = excluded.supplier,
        id = excluded.id
), dropped as (
    delete from product where sku = any($28) and version = 0
), told as (
    insert into change (changed_at, skus) select $33, $34 where $34 <> '{}'
), crossed as (
    insert into crossing (sku, version, crossed_at, is_low, available, quantity)
    select sku, version, $33, after <= quantity, after, quantity
    from (
        select moved.*, coalesce(
            (select quantity from low_stock_limit where kind = 'sku' and name = moved.sku),
            case when (select exists (select from low_stock_limit where kind = 'category')) then (
                select quantity from low_stock_limit
                where kind = 'category' and name = case
                    when moved.is_described then moved.category
                    else (select category from description where description.sku = moved.sku)
                end
            ) end,
            (select quantity from low_stock_limit where kind = 'default')
        ) as quantity
        from (
            select unnest($35::text[]) as sku, unnest($36::bigint[]) as version, unnest($37::bigint[]) as before,
                   unnest($38::bigint[]) as after, unnest($39::boolean[]) as is_described,
                   unnest($40::text[]) as category
        ) as moved
        where (select exists (select from low_stock_limit))
        offset 0
    ) as limited
    where (before > quantity) <> (after > quantity)
    on conflict (sku) where closed_at is null do update
    set crossings = crossing.crossings + 1, is_low = excluded.is_low, available = excluded.available,
        quantity = excluded.quantity
)
update product
set version = new.version, offers = new.offers, available = new.available, available_version = new.version,
    updated_at = $33
from (
    select unnest($29::tid[]) as place, unnest($30::bigint[]) as version, unnest($31::integer[]) as offers,
           unnest($32::bigint[]) as available
) as new
where product.ctid = new.place
