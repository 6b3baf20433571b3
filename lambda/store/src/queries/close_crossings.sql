-- $1: age. $2: maximum number. A row that a batch has locked is skipped: its next change makes it another one.
update crossing set closed_at = clock_timestamp()
where ctid = any(array(
    select ctid from crossing
    where closed_at is null and crossed_at <= clock_timestamp() - $1::interval
    limit $2
    for update skip locked
))
