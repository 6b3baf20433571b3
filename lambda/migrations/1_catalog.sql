-- The catalog: what the accepted events amount to. Text that is compared is collate "C", the order in which Rust sorts, so
-- that both sides agree on which of two events is the later one, and lock in the same order.

-- One row a SKU. The row is also the lock under which everything below it changes. Each change writes it again, so it is
-- narrow, and the texts are in a table of their own.
create table product (
    sku text collate "C" primary key,
    -- of the product view: only ever grows; 0 only while the transaction that creates the row is running
    version bigint not null default 0,
    updated_at timestamptz,
    -- how many rows of `offer` the SKU has
    offers integer not null default 0
) with (fillfactor = 80);

-- One row a SKU that was ever described: its last description.
create table description (
    sku text collate "C" primary key,
    title text not null,
    description text,
    category text,
    attributes jsonb not null,
    -- the description's event
    occurred_at timestamptz not null,
    supplier text collate "C" not null,
    id text collate "C" not null
) with (fillfactor = 80);

-- One row for each supplier that ever sent a level or a price of a SKU.
create table offer (
    sku text collate "C" not null,
    supplier text collate "C" not null,
    -- last count plus the later adjustments; may be negative
    on_hand bigint not null,
    -- the latest time of an adjustment that was ever entered into the ledger
    adjusted_at timestamptz,
    -- the last count's event
    counted_at timestamptz,
    counted_id text collate "C",
    amount numeric(14, 4),
    currency text,
    -- the price's event
    priced_at timestamptz,
    priced_id text collate "C",
    primary key (sku, supplier)
) with (fillfactor = 80);

-- Adjustments that a late count may still have to add up, and by which duplicates are known. A row goes when a count
-- supersedes it or maintain prunes it. The key's first two columns also serve the sum: a count removes most of the rows
-- it reads, so an index by time would cost every adjustment to save next to nothing.
create table ledger (
    sku text collate "C" not null,
    supplier text collate "C" not null,
    id text collate "C" not null,
    occurred_at timestamptz not null,
    delta bigint not null,
    applied_at timestamptz not null default now(),
    primary key (sku, supplier, id)
);

create index ledger_applied_at on ledger using brin (applied_at);

-- One row: the greatest time of an event that was pruned from the ledger, null while nothing was. Events up to it are too
-- old, because nobody could tell any more whether they were applied.
create table ledger_floor (
    only_row boolean primary key default true check (only_row),
    occurred_at timestamptz
);

insert into ledger_floor default values;

-- Versions that the cache could not be told.
create table pending_refresh (
    sku text collate "C" primary key,
    version bigint not null,
    since timestamptz not null default now()
);
