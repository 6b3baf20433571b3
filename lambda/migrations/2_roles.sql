-- What each access may do. Roles belong to the whole server, so they may be there already from another database on it.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['inventory_writer', 'inventory_reader', 'inventory_maintainer'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception
            when duplicate_object or unique_violation then null;
        end;
    end loop;
end
$$;

grant usage on schema public to inventory_writer, inventory_reader, inventory_maintainer;

grant select, insert, update, delete on product to inventory_writer;
grant select, insert, update on description, offer to inventory_writer;
grant select, insert, update, delete on ledger to inventory_writer;
grant select on ledger_floor to inventory_writer;
grant select, insert, update, delete on pending_refresh to inventory_writer;

grant select on product, description, offer to inventory_reader;

grant select on product, description, offer to inventory_maintainer;
grant select, delete on ledger to inventory_maintainer;
grant select, update on ledger_floor to inventory_maintainer;
-- `for update skip locked` asks for the right to update.
grant select, update, delete on pending_refresh to inventory_maintainer;
