-- Empties every table but those that the migrations fill: their own list, and the ledger's floor, a table of one row.
do $$
declare
    filled text;
begin
    select string_agg(format('%I.%I', schemaname, tablename), ', ') into filled
    from pg_tables
    where schemaname in ('public', 'python') and tablename not in ('_sqlx_migrations', 'ledger_floor');
    execute 'truncate ' || filled || ' restart identity';
end
$$;
