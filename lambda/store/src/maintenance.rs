//! The statements of `maintain`: pruning the ledger and the changes, removing the products of probes, and gauges.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgConnection;
use sqlx::postgres::types::PgInterval;
use sqlx::{Connection as _, FromRow};

use crate::error::{During, Error};
use crate::load::LEDGER_LOCK;
use crate::store::Store;

/// Sizes and ages that show the state of the tables.
#[derive(Clone, Copy, Debug, PartialEq, FromRow)]
pub struct Gauges {
    /// Number of products whose cache entry is still to be refreshed.
    pub pending: i64,
    /// Age of the oldest of these, in seconds.
    pub pending_seconds: f64,
    /// Number of rows in the ledger, as PostgreSQL estimates it.
    pub ledger_rows: i64,
}

impl Store {
    /// Removes at most `limit` rows of the ledger that were applied longer than `age` ago by the database's clock,
    /// raises the ledger's floor to the latest time among them, and returns the number of removed rows. Levels do not
    /// change.
    pub async fn prune_ledger(&self, age: TimeDelta, limit: i64) -> Result<u64, Error> {
        self.connections.run(async |connection| prune(connection, age, limit).await).await
    }

    /// Removes the rows of the changes feed that a dump of another server has brought along, and at most `limit` rows
    /// that are older than `age` by the database's clock. Returns the number of the latter.
    pub async fn prune_changes(&self, age: TimeDelta, limit: i64) -> Result<u64, Error> {
        let foreign = sqlx::query(include_str!("queries/drop_foreign_changes.sql"));
        let old = sqlx::query(include_str!("queries/prune_changes.sql")).bind(interval(age)).bind(limit);
        let prune = async |connection: &mut PgConnection| {
            foreign.execute(&mut *connection).await.during("remove another server's changes")?;
            old.execute(connection).await.during("prune the changes")
        };
        Ok(self.connections.run(prune).await?.rows_affected())
    }

    /// Removes at most `limit` products of probes that were last changed longer than `age` ago by the database's clock,
    /// and returns their number. Their cached views expire by themselves.
    pub async fn forget_probes(&self, age: TimeDelta, limit: i32) -> Result<i64, Error> {
        let query = sqlx::query_scalar("select forget_probes($1, $2)").bind(interval(age)).bind(limit);
        self.connections.run(async |on| query.fetch_one(on).await.during("remove the products of probes")).await
    }

    /// Reads the gauges.
    pub async fn gauges(&self) -> Result<Gauges, Error> {
        let query = sqlx::query_as(include_str!("queries/gauges.sql"));
        self.connections.run(async |on| query.fetch_one(on).await.during("read the gauges")).await
    }
}

async fn prune(connection: &mut PgConnection, age: TimeDelta, limit: i64) -> Result<u64, Error> {
    let mut transaction = connection.begin().await.during("begin pruning")?;
    // An exclusive lock: a batch must not read the floor before this transaction and the ledger after it. The lock is a
    // statement of its own, so that the next statement sees what was committed while this one waited.
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(LEDGER_LOCK)
        .execute(&mut *transaction)
        .await
        .during("lock the ledger")?;
    let pruned: (i64, Option<DateTime<Utc>>) = sqlx::query_as(include_str!("queries/prune_ledger.sql"))
        .bind(interval(age))
        .bind(limit)
        .fetch_one(&mut *transaction)
        .await
        .during("prune the ledger")?;
    if let (_, Some(floor)) = pruned {
        sqlx::query("update ledger_floor set occurred_at = greatest(occurred_at, $1)")
            .bind(floor)
            .execute(&mut *transaction)
            .await
            .during("raise the ledger's floor")?;
    }
    transaction.commit().await.during("commit a pruning")?;
    Ok(u64::try_from(pruned.0).unwrap_or_default())
}

pub(crate) fn interval(time: TimeDelta) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: time.num_microseconds().unwrap_or(i64::MAX) }
}
