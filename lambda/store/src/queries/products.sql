-- $1: SKUs. Rows of transactions that are still creating them (version 0) are nobody's yet.
select sku, title, description, category, attributes::text as attributes,
       described_at, described_by, described_id, version, updated_at
from product
where sku = any($1)
