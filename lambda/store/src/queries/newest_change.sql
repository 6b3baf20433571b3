-- The place after the newest row of a transaction before every one that is running: all of these are done. Nothing if
-- there is no such row: then all rows are of another server, of which a dump was restored here.
select transaction, changed_at, cardinality(skus) as before
from change
where transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
order by transaction desc, changed_at desc
limit 1
