-- $1: SKUs, distinct. $2: maximum number of offers of each. No SKU gets more; if one has more all the same, the first
-- ones count. The lateral limit also makes the planner look each SKU up by key: with `= any($1)` it has compared every
-- row with every SKU.
select found.*
from unnest($1::text[]) as wanted (sku)
cross join lateral (
    select sku, supplier, on_hand, counted_at, counted_id, amount, currency, priced_at, priced_id
    from offer
    where offer.sku = wanted.sku
    order by supplier
    limit $2
) as found
