-- $1: SKUs. All offers of each, because the view shows all.
select sku, supplier, on_hand, counted_at, counted_id, amount, currency, priced_at, priced_id
from offer
where sku = any($1)
