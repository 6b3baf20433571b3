-- The clock is read after the locks were taken, so that the times of one product's transactions increase.
select clock_timestamp(), occurred_at from ledger_floor
