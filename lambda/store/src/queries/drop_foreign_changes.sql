-- Removes the rows of another server, which a restored dump has brought along: their transactions are still to come here.
-- Once they had come, a reader's place at such a row would seem to be of this database, and what was changed in between
-- would be before it.
delete from change where transaction >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
