select sku from pending_refresh order by since, sku limit $1
