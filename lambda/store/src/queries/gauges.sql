-- Counting the ledger would read it all; the estimate is as fresh as the last (auto)analyze.
select (select count(*) from pending_refresh) as pending,
       coalesce((select extract(epoch from clock_timestamp() - min(since)) from pending_refresh), 0)::float8 as pending_seconds,
       (select greatest(reltuples, 0)::bigint from pg_class where oid = 'ledger'::regclass) as ledger_rows
