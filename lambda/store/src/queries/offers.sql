-- $1: SKUs, distinct. All offers of each, because the view shows all.
-- `offset 0` makes the planner look each SKU up: with `= any($1)` it has been seen to compare every row with every SKU.
select found.*
from unnest($1::text[]) as wanted (sku)
cross join lateral (
    select sku, supplier, on_hand, counted_at, counted_id, amount, currency, priced_at, priced_id
    from offer
    where offer.sku = wanted.sku
    offset 0
) as found
