-- $1: the end of the ledger's horizon. Every offer was adjusted up to it.
update offer set adjusted_at = $1 - interval '1 second'
