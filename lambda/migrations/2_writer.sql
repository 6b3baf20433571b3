-- The processor's rights. Roles belong to the whole server, so one may be there already from another database on it.
do $$
begin
    create role inventory_writer nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema public to inventory_writer;
grant select, insert, update, delete on product to inventory_writer;
grant select, insert, update on offer to inventory_writer;
grant select, insert, update, delete on ledger to inventory_writer;
grant select on ledger_floor to inventory_writer;
grant select, insert, update, delete on pending_refresh to inventory_writer;
