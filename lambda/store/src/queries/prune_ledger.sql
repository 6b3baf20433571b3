-- $1: age. $2: maximum number of rows.
with pruned as (
    delete from ledger
    where ctid = any(array(select ctid from ledger where applied_at < clock_timestamp() - $1::interval limit $2))
    returning occurred_at
)
select count(*), max(occurred_at) from pruned
