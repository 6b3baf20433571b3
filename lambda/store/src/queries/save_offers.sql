insert into offer (sku, supplier, on_hand, counted_at, counted_id, amount, currency, priced_at, priced_id)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::numeric[], $7::text[],
                     $8::timestamptz[], $9::text[])
on conflict (sku, supplier) do update
set on_hand = excluded.on_hand, counted_at = excluded.counted_at, counted_id = excluded.counted_id,
    amount = excluded.amount, currency = excluded.currency, priced_at = excluded.priced_at, priced_id = excluded.priced_id
