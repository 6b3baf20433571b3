-- $1: maximum number. With each product's number of offers, by which its view's size is estimated, and what is
-- available. The version is the current one, of which that is known. A product that is gone has the version that is
-- pending.
select pending_refresh.sku, coalesce(product.version, pending_refresh.version) as version,
       coalesce(product.offers, 0) as offers,
       coalesce(case when product.available_version = product.version then product.available end, (
           select sum(greatest(on_hand, 0))::bigint from offer where offer.sku = pending_refresh.sku
       ), 0) as available
from pending_refresh
left join product using (sku)
order by since, sku
limit $1
