-- $1: SKUs that the transaction created but that have no accepted event.
delete from product where sku = any($1) and version = 0
