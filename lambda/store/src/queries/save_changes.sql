-- Writes everything but the ledger. The products are locked: what had no row has none now either, and a row is where it
-- was when it was read, so it need not be looked up again. `on conflict` would lock, and log, each row once more.
-- Arrays are expanded side by side in the select list: `unnest` of several in `from` stores each of them first.
-- $1 ... $9: changed offers, by place. $10 ... $19: new offers. $20 ... $27: descriptions. $28: SKUs that the
-- transaction created but that have no accepted event. $29 ... $31: changed products, by place, with version and number
-- of offers. $32: the transaction's time.
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
)
update product
set version = new.version, offers = new.offers, updated_at = $32
from (
    select unnest($29::tid[]) as place, unnest($30::bigint[]) as version, unnest($31::integer[]) as offers
) as new
where product.ctid = new.place
