//! Catalogs that are filled by PostgreSQL itself, so that ten million products take minutes.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::traffic::FIRST_LEVEL;

/// The products that one statement adds.
const PRODUCTS_PER_STATEMENT: u64 = 200_000;

/// The rows of the ledger that one statement adds.
const ROWS_PER_STATEMENT: u64 = 500_000;

/// Adds products with offers of some suppliers each, and has PostgreSQL learn what is there.
pub(crate) async fn fill(
    admin: &mut PgConnection,
    products: u64,
    suppliers_of_each: u64,
    mut progress: impl FnMut(u64),
) -> Result<()> {
    let step = (PRODUCTS_PER_STATEMENT / suppliers_of_each).max(1);
    let mut first = 0;
    while first < products {
        let last = (first + step).min(products) - 1;
        let (from, to) = (i64::try_from(first)?, i64::try_from(last)?);
        let offers = i32::try_from(suppliers_of_each)?;
        let product = sqlx::query(include_str!("products.sql")).bind(from).bind(to).bind(offers);
        product.execute(&mut *admin).await?;
        sqlx::query(include_str!("descriptions.sql")).bind(from).bind(to).execute(&mut *admin).await?;
        let offer = sqlx::query(include_str!("offers.sql")).bind(from).bind(to).bind(offers).bind(FIRST_LEVEL);
        offer.execute(&mut *admin).await?;
        first = last + 1;
        progress(first);
    }
    settle(admin).await?;
    let found: (i64, i64) = sqlx::query_as("select (select count(*) from product), (select count(*) from offer)")
        .fetch_one(&mut *admin)
        .await?;
    let wanted = (i64::try_from(products)?, i64::try_from(products * suppliers_of_each)?);
    ensure!(found == wanted, "{found:?} products and offers instead of {wanted:?}");
    Ok(())
}

/// Adds adjustments to the ledger, as many a minute, of which the first is as old as the horizon.
pub(crate) async fn fill_ledger(
    admin: &mut PgConnection,
    ledger: FullLedger,
    mut progress: impl FnMut(u64),
) -> Result<()> {
    let rows = ledger.rows();
    let mut first = 0;
    while first < rows {
        let last = (first + ROWS_PER_STATEMENT).min(rows) - 1;
        sqlx::query(include_str!("ledger.sql"))
            .bind(i64::try_from(first)?)
            .bind(i64::try_from(last)?)
            .bind(i64::try_from(ledger.products)?)
            .bind(f64::from(u32::try_from(ledger.a_minute)?))
            .bind(f64::from(u32::try_from(ledger.minutes)?))
            .bind(ledger.end)
            .execute(&mut *admin)
            .await?;
        first = last + 1;
        progress(first);
    }
    sqlx::query(include_str!("adjusted.sql")).bind(ledger.end).execute(&mut *admin).await?;
    settle(admin).await
}

/// A ledger that has been filled for its whole horizon.
#[derive(Clone, Copy)]
pub(crate) struct FullLedger {
    pub(crate) products: u64,
    pub(crate) a_minute: u64,
    pub(crate) minutes: u64,
    /// Before the first event of the traffic.
    pub(crate) end: DateTime<Utc>,
}

impl FullLedger {
    pub(crate) fn rows(self) -> u64 {
        self.a_minute * self.minutes
    }
}

/// The bytes of a table and of its indexes.
pub(crate) async fn bytes(admin: &mut PgConnection, table: &str) -> Result<(u64, u64)> {
    let sizes: (i64, i64) = sqlx::query_as("select pg_table_size($1::regclass), pg_indexes_size($1::regclass)")
        .bind(table)
        .fetch_one(admin)
        .await
        .context("the size of a table")?;
    Ok((u64::try_from(sizes.0)?, u64::try_from(sizes.1)?))
}

/// Brings what was written into the state that it would have had after a while: seen, counted, on disk.
async fn settle(admin: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql("vacuum analyze").execute(&mut *admin).await?;
    sqlx::raw_sql("checkpoint").execute(admin).await?;
    Ok(())
}
