-- $1: the last SKU of the previous page. $2: the page's size.
select sku from product where sku > $1 order by sku limit $2
