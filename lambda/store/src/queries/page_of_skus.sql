-- $1: the last SKU of the page before. $2: how many.
select sku from product where sku > $1 order by sku limit $2
