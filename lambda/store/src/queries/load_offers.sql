-- $1 ... $3: position, SKU and supplier, distinct pairs. Every row has the transaction's time and the ledger's floor;
-- if there is no offer, the only row has nothing else. The clock is read after the products were locked, so that the
-- times of one product's transactions increase. The first `offset 0` makes it one time for all rows, the second makes
-- the planner look each offer up by key.
select now.time, now.floor, stored.*
from (select clock_timestamp() as time, occurred_at as floor from ledger_floor offset 0) as now
left join lateral (
    select wanted.position, found.*
    from (
        select unnest($1::integer[]) as position, unnest($2::text[]) as sku, unnest($3::text[]) as supplier
    ) as wanted
    cross join lateral (
        select ctid as place, on_hand, adjusted_at, counted_at, counted_id, amount, currency, priced_at, priced_id
        from offer
        where offer.sku = wanted.sku and offer.supplier = wanted.supplier
        offset 0
    ) as found
) as stored on true
