-- What each transaction has changed, for readers that follow the catalog. A transaction's number says nothing about
-- when it commits, so readers take only rows of transactions before every one that is still running: whatever commits
-- later is after these. A dump that was restored on another server has rows of that server's transactions: the same
-- number may come again here, at another time.
create table change (
    -- the transaction's number
    transaction bigint not null default pg_current_xact_id()::text::bigint,
    changed_at timestamptz not null,
    -- the products of which it has changed the view, those of probes left out
    skus text[] not null,
    primary key (transaction, changed_at)
);

-- The feed always has a last row, by which a reader's place is known to be of this database.
insert into change (changed_at, skus) values (clock_timestamp(), '{}');

-- The sum of the offers' levels, each at least 0, as of a version of the view. Unknown where that is not `version`:
-- code of before this migration does not keep it.
alter table product add column available bigint, add column available_version bigint;

-- The settings' low-stock limits.
create table low_stock_limit (
    kind text collate "C" not null check (kind in ('sku', 'category', 'default')),
    -- the SKU or the category; empty for the default
    name text collate "C" not null,
    -- stock is low at this number available, or below
    quantity bigint not null,
    primary key (kind, name)
);

-- Crossings of low-stock limits that have yet to leave. A product has at most one that is open; a crossing back while
-- it is open changes it, so that what flaps is one.
create table crossing (
    sku text collate "C" not null,
    -- of the view that crossed first
    version bigint not null,
    crossed_at timestamptz not null,
    -- how often it crossed while it was open
    crossings integer not null default 1,
    -- as of the last one
    is_low boolean not null,
    available bigint not null,
    quantity bigint not null,
    -- set before it leaves, and then it changes no more
    closed_at timestamptz,
    primary key (sku, version)
);

create unique index crossing_open on crossing (sku) where closed_at is null;

grant select, insert on change to inventory_writer;
grant select on change to inventory_reader;
grant select, delete on change to inventory_maintainer;

grant select on low_stock_limit to inventory_writer;
grant select, insert, update on crossing to inventory_writer;
grant select, update, delete on crossing to inventory_maintainer;
