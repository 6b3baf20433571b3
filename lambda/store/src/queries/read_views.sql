-- $1: SKUs, distinct. $2: the most offers that a view has; if a SKU has more all the same, the first ones count. One
-- statement, so that product, description and offers are of one moment. The laterals make the planner look each SKU up
-- by key, and `array_agg` keeps the order of its subquery.
select found.sku, found.version, found.updated_at,
       text.title, text.description, text.category, text.attributes,
       offers.suppliers, offers.on_hand, offers.amounts, offers.currencies
from unnest($1::text[]) as wanted (sku)
cross join lateral (
    select sku, version, updated_at from product where product.sku = wanted.sku offset 0
) as found
left join lateral (
    select title, description, category, attributes::text as attributes
    from description where description.sku = found.sku
    offset 0
) as text on true
cross join lateral (
    select coalesce(array_agg(supplier), '{}') as suppliers, coalesce(array_agg(on_hand), '{}') as on_hand,
           coalesce(array_agg(amount), '{}') as amounts, coalesce(array_agg(currency), '{}') as currencies
    from (
        select supplier, on_hand, amount, currency from offer
        where offer.sku = found.sku
        order by supplier
        limit $2
    ) as first
) as offers
