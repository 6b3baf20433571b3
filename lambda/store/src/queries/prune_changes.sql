-- $1: age. $2: maximum number of rows. Only the oldest rows are looked at. The newest of which readers may be told stays,
-- however old it is: by it they know that their place is of this database.
delete from change
using (select transaction, changed_at from change order by transaction, changed_at limit $2) as oldest
where change.transaction = oldest.transaction
    and change.changed_at = oldest.changed_at
    and change.changed_at < clock_timestamp() - $1::interval
    and (change.transaction, change.changed_at) < (
        select transaction, changed_at from change
        where transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        order by transaction desc, changed_at desc
        limit 1
    )
