//! Crossings of low-stock limits on their way out.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use crate::error::{During, Error};
use crate::maintenance::interval;
use crate::store::Store;

/// A crossing that is closed, so that it changes no more.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Crossing {
    pub sku: String,
    /// The version of the view that crossed first.
    pub version: i64,
    /// The time of that.
    pub crossed_at: DateTime<Utc>,
    /// The number of times that the product crossed its limit until the crossing was closed.
    pub crossings: i32,
    /// The side of the limit, after the last of these.
    pub is_low: bool,
    /// The number available then.
    pub available: i64,
    /// The limit then.
    pub quantity: i64,
}

impl Store {
    /// Closes at most `limit` crossings that have been open for `age` by the database's clock, and returns their number.
    /// Those that a batch is about to change are left out.
    pub async fn close_crossings(&self, age: TimeDelta, limit: i64) -> Result<u64, Error> {
        let query = sqlx::query(include_str!("queries/close_crossings.sql")).bind(interval(age)).bind(limit);
        let closed = self.connections.run(async |on| query.execute(on).await.during("close the crossings")).await?;
        Ok(closed.rows_affected())
    }

    /// Returns at most `limit` crossings that are closed, the oldest first.
    pub async fn closed_crossings(&self, limit: i64) -> Result<Vec<Crossing>, Error> {
        let query = sqlx::query_as(include_str!("queries/closed_crossings.sql")).bind(limit);
        self.connections.run(async |on| query.fetch_all(on).await.during("list the closed crossings")).await
    }

    /// Removes these crossings, which have left.
    pub async fn delete_crossings(&self, crossings: &[Crossing]) -> Result<(), Error> {
        let query = sqlx::query(include_str!("queries/delete_crossings.sql"))
            .bind(crossings.iter().map(|crossing| crossing.sku.as_str()).collect::<Vec<_>>())
            .bind(crossings.iter().map(|crossing| crossing.version).collect::<Vec<_>>());
        self.connections.run(async |on| query.execute(on).await.during("remove the crossings")).await?;
        Ok(())
    }
}
