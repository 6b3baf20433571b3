-- $1: SKUs that the transaction created but no accepted event is about.
delete from product where sku = any($1) and version = 0
