-- Removes the products of probes that were last changed longer ago than `age`, at most `most` of them, and returns how
-- many. Whoever may execute it may delete nothing else: it runs with the rights of its owner.
create function forget_probes(age interval, most integer) returns bigint
language sql
security definer
set search_path = public, pg_temp
as $$
    with forgotten as (
        delete from product
        where sku = any (array(
            select sku from product
            -- '.' is the character after '-'.
            where sku >= 'pipegen-probe-' and sku < 'pipegen-probe.' and updated_at < clock_timestamp() - age
            order by sku
            limit most
            for update
        ))
        returning sku
    ),
    offers as (delete from offer using forgotten where offer.sku = forgotten.sku),
    descriptions as (delete from description using forgotten where description.sku = forgotten.sku),
    pending as (delete from pending_refresh using forgotten where pending_refresh.sku = forgotten.sku)
    select count(*) from forgotten
$$;

revoke all on function forget_probes(interval, integer) from public;
grant execute on function forget_probes(interval, integer) to inventory_maintainer;
