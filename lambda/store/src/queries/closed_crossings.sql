-- $1: maximum number.
select sku, version, crossed_at, crossings, is_low, available, quantity
from crossing
where closed_at is not null
order by crossed_at, sku, version
limit $1
