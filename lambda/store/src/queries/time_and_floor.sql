-- The clock is read after the locks were had, so that the times of one product's transactions follow one another.
select clock_timestamp(), occurred_at from ledger_floor
