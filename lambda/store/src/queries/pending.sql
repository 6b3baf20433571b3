-- $1: maximum number. With each product's number of offers, by which its view's size is estimated.
select pending_refresh.sku, pending_refresh.version, coalesce(product.offers, 0) as offers
from pending_refresh
left join product using (sku)
order by since, sku
limit $1
