//! The database in which a catalog is rebuilt: empty at first, marked as unfinished until everything is in it.

use anyhow::{Context as _, ensure};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

/// The table that is there from before the first table of the catalog until the last record is applied. A rebuilding
/// that ended early, in whatever way, is known by it.
const MARK: &str = "create table pipegen_unfinished_rebuild ()";

/// Removes what the migrations have made, so that they make it anew with the rows that they begin with.
const CLEAR: &str = "do $$ begin
    execute coalesce((
        select string_agg(statement, '; ') from (
            select oid, format('drop table %s cascade', oid::regclass) from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
            and relname <> 'pipegen_unfinished_rebuild'
            union all
            select oid, format('drop function %s', oid::regprocedure) from pg_proc
            where pronamespace = 'public'::regnamespace
        ) as ours (oid, statement)
        where oid not in (select objid from pg_depend where deptype = 'e')
    ), 'select');
end $$";

/// A database with the catalog's tables, in which a catalog is being rebuilt. As long as this lives, no other rebuilding
/// or migration begins in it.
#[derive(Debug)]
pub struct UnfinishedCatalog {
    pub(super) options: PgConnectOptions,
    /// True if an earlier rebuilding did not reach its end, and what it left was removed.
    pub begun_anew: bool,
    /// Holds the lock.
    connection: PgConnection,
}

/// Reads a URL.
pub fn options(url: &str) -> anyhow::Result<PgConnectOptions> {
    // The parser's message may repeat a part of the URL, which has a password.
    url.parse().ok().context("the database's URL is not like postgres://user:password@host/database")
}

impl UnfinishedCatalog {
    /// Makes the tables, anew if an earlier rebuilding did not reach its end. A database that holds anything
    /// else is refused.
    pub async fn prepare(options: &PgConnectOptions) -> anyhow::Result<Self> {
        let mut connection = pipegen_store::connect(options).await.context("cannot use the database")?;
        pipegen_store::lock_schema(&mut connection).await?;
        let begun_anew = has_table(&mut connection, "pipegen_unfinished_rebuild").await?;
        if !begun_anew {
            refuse_unless_empty(&mut connection).await?;
            run(&mut connection, MARK).await.context("cannot mark the catalog as unfinished")?;
        }
        if begun_anew {
            // It waits for the transactions of a process that was killed, until PostgreSQL has ended them.
            run(&mut connection, CLEAR).await.context("cannot remove the unfinished catalog")?;
        }
        pipegen_store::migrate(&mut connection).await.context("cannot make the tables")?;
        Ok(Self { options: options.clone(), begun_anew, connection })
    }

    /// Fails if the lock is lost. It also keeps the connection from looking idle to whatever is between.
    pub(super) async fn hold(&mut self) -> anyhow::Result<()> {
        self.connection.ping().await.context("lost the connection that keeps others from changing the catalog")
    }

    /// Removes the mark.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        run(&mut self.connection, "drop table pipegen_unfinished_rebuild")
            .await
            .context("cannot mark the catalog as finished")
    }
}

async fn refuse_unless_empty(connection: &mut PgConnection) -> anyhow::Result<()> {
    let is_filled = if has_table(connection, "product").await? {
        "select exists (select from product) or exists (select from ledger)"
    } else {
        "select exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p'))"
    };
    let is_filled: bool =
        sqlx::query_scalar(is_filled).fetch_one(connection).await.context("cannot look into the database")?;
    ensure!(
        !is_filled,
        "the database is not empty: a catalog is rebuilt in an empty one only (`create database … encoding 'UTF8' \
         template template0`)"
    );
    Ok(())
}

async fn has_table(connection: &mut PgConnection, name: &str) -> anyhow::Result<bool> {
    let found = sqlx::query_scalar("select to_regclass($1) is not null").bind(name).fetch_one(connection).await;
    found.context("cannot look into the database")
}

async fn run(connection: &mut PgConnection, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statement).execute(connection).await.map(drop)
}
