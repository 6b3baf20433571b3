update product
set title = new.title, description = new.description, category = new.category, attributes = new.attributes::jsonb,
    described_at = new.described_at, described_by = new.described_by, described_id = new.described_id
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[])
    as new (sku, title, description, category, attributes, described_at, described_by, described_id)
where product.sku = new.sku
