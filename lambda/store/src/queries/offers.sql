-- $1: SKUs, distinct. $2: how many offers of each at most. No SKU gets more; should one have more all the same, the first of
-- them are its offers.
-- The lateral limit also makes the planner look each SKU up: with `= any($1)` it has been seen to compare every row with every SKU.
select found.*
from unnest($1::text[]) as wanted (sku)
cross join lateral (
    select sku, supplier, on_hand, counted_at, counted_id, amount, currency, priced_at, priced_id
    from offer
    where offer.sku = wanted.sku
    order by supplier
    limit $2
) as found
