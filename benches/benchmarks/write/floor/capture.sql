-- Triggers that note every version of every row of the catalog. `security definer`: the functions' logins may write
-- nothing here.
create schema capture;

create table capture.change (
    number bigint generated always as identity primary key,
    relation text not null,
    operation text not null,
    content jsonb not null
);

create function capture.note() returns trigger language plpgsql security definer as $$
begin
    insert into capture.change (relation, operation, content)
    values (quote_ident(tg_table_name), tg_op, to_jsonb(case when tg_op = 'DELETE' then old else new end));
    return null;
end;
$$;

do $$
declare
    name text;
begin
    for name in select tablename from pg_tables where schemaname = 'public' and tablename <> '_sqlx_migrations' loop
        execute format('create trigger capture after insert or update or delete on public.%I '
                       'for each row execute function capture.note()', name);
    end loop;
end
$$;
