//! The export of every product's view.

use std::io;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::connections::SEARCH_PATH;
use crate::error::{During, Error};
use crate::product_view::views;

/// The number of products that are read at a time: with the most offers that each may have, some ten megabytes.
const PAGE: i64 = 100;

/// Passes every product's view (JSON text) to `write`, sorted by SKU (bytewise), from one snapshot, and returns their
/// number. The login in `url` must have the right to read the catalog's tables.
///
/// # Errors
/// PostgreSQL's; an error of `write` ends the export with [`io::Error`] as the source.
pub async fn export(url: &str, write: &mut dyn FnMut(&str) -> io::Result<()>) -> Result<u64, Error> {
    let options: PgConnectOptions = url.parse().during("read the URL of the export")?;
    let mut connection = options.options([SEARCH_PATH]).connect().await.during("connect for the export")?;
    let mut transaction =
        connection.begin_with("begin isolation level repeatable read, read only").await.during("begin the export")?;
    let mut exported = 0;
    let mut after = String::new();
    loop {
        let skus: Vec<String> = sqlx::query_scalar(include_str!("queries/page_of_skus.sql"))
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&mut *transaction)
            .await
            .during("list the products")?;
        let Some(last) = skus.last() else { break };
        after.clone_from(last);
        let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
        for view in views(&mut transaction, &skus).await? {
            write(&view.json).during("write the export")?;
            exported += 1;
        }
    }
    transaction.commit().await.during("end the export")?;
    Ok(exported)
}
