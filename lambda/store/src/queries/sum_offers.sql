-- $1: SKUs, distinct; their products are locked. Returns the sum of each one's levels, each at least 0. The lateral
-- makes the planner look each SKU up by key.
select wanted.sku, summed.available
from unnest($1::text[]) as wanted (sku)
cross join lateral (
    select coalesce(sum(greatest(on_hand, 0)), 0)::bigint as available from offer where offer.sku = wanted.sku
) as summed
