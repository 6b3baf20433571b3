//! Draining of pending refreshes: entries that could not be refreshed when their products changed.

use std::error::Error;

use crate::cache::{Cache, Server};
use crate::database::{CatalogDatabase, Tables};
use crate::refresh::refresh;

/// The most pending products that one call drains.
pub const DRAIN_LIMIT: usize = 500;

/// Refreshes the entries of some pending products, those that have waited longest first, and returns how many those
/// were. Fewer than [`DRAIN_LIMIT`] means that nothing is left.
///
/// # Errors
/// If the cache or the database fails; then the products stay pending.
pub async fn drain(
    database: &CatalogDatabase<impl Tables>,
    cache: &Cache<impl Server>,
) -> Result<usize, Box<dyn Error>> {
    let limit = i64::try_from(DRAIN_LIMIT)?;
    let products = database.run(async |store| store.pending(limit).await).await?;
    if products.is_empty() {
        return Ok(0);
    }
    refresh(database, cache, &products).await?;
    database.run(async |store| store.settle_pending(&products).await).await?;
    Ok(products.len())
}
