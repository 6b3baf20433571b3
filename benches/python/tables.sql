-- The tables of the alternative in Python, beside the catalog's own.
create schema python;

create table python.product (
    sku text primary key,
    title text,
    description text,
    category text,
    attributes jsonb,
    described_at timestamptz not null
) with (fillfactor = 80);

create table python.stock (
    sku text,
    supplier text,
    on_hand bigint not null,
    counted boolean not null,
    primary key (sku, supplier)
) with (fillfactor = 80);

create table python.price (
    sku text,
    supplier text,
    amount numeric(14, 4) not null,
    currency text not null,
    priced_at timestamptz not null,
    primary key (sku, supplier)
) with (fillfactor = 80);
