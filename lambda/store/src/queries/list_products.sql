-- $1: the last SKU of the previous page. $2: the page's size. Without the products of probes: '.' is the character
-- after '-'.
select sku from product
where sku > $1 and (sku < 'pipegen-probe-' or sku >= 'pipegen-probe.')
order by sku
limit $2
