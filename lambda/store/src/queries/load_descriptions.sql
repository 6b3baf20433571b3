-- $1: SKUs, distinct. `offset 0` makes the planner look each one up by key.
select found.*
from unnest($1::text[]) as wanted (sku)
cross join lateral (
    select sku, title, description, category, attributes::text as attributes, occurred_at, supplier, id
    from description
    where description.sku = wanted.sku
    offset 0
) as found
