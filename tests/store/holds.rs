//! A session that holds locks for a while, so that transactions pause between their statements.

use std::time::Duration;

use anyhow::{Result, bail};
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::catalog::Catalog;
use crate::plan::Hold;

/// Takes the locks, holds them for their time, and releases them.
pub(crate) async fn hold(catalog: &Catalog, hold: &Hold) -> Result<()> {
    let mut session = catalog.connect().await?;
    // It leaves it to the others to find a deadlock, and gives way before one transaction has done so more than once.
    sqlx::raw_sql("begin; set local lock_timeout = '190ms'; set local deadlock_timeout = '10s'")
        .execute(&mut session)
        .await?;
    let outcome = take(&mut session, hold).await;
    match outcome.as_ref().err().and_then(|error| error.as_database_error()?.code()) {
        // lock_not_available
        Some(code) if code != "55P03" => bail!("the harness could not lock {hold:?}: {outcome:?}"),
        _ => {}
    }
    sqlx::raw_sql("rollback").execute(&mut session).await?;
    Ok(session.close().await?)
}

async fn take(session: &mut PgConnection, hold: &Hold) -> Result<(), sqlx::Error> {
    let product = "select from product where sku = any($1) order by sku for no key update";
    let pause = |milliseconds: &u64| sleep(Duration::from_millis(*milliseconds));
    match hold {
        Hold::Products { skus, milliseconds } => {
            sqlx::query(product).bind(skus).execute(&mut *session).await?;
            pause(milliseconds).await;
        }
        Hold::Crosswise { first, second, milliseconds } => {
            sqlx::query(product).bind(vec![first]).execute(&mut *session).await?;
            pause(milliseconds).await;
            sqlx::query(product).bind(vec![second]).execute(&mut *session).await?;
        }
        Hold::Table { name, mode, milliseconds } => {
            sqlx::raw_sql(&format!("lock table {name} in {mode} mode")).execute(&mut *session).await?;
            pause(milliseconds).await;
        }
        Hold::Creates { skus, milliseconds } => {
            let create = "insert into product (sku) select unnest($1::text[]) on conflict do nothing";
            sqlx::query(create).bind(skus).execute(&mut *session).await?;
            pause(milliseconds).await;
        }
        Hold::Pending { milliseconds } => {
            sqlx::raw_sql("select from pending_refresh for update skip locked").execute(&mut *session).await?;
            pause(milliseconds).await;
        }
    }
    Ok(())
}
