//! Draining of pending refreshes: entries that could not be refreshed when their products changed.

use std::error::Error;

use crate::cache::Cache;
use crate::database::CatalogDatabase;

/// The most pending products that one call drains.
pub const DRAIN_LIMIT: usize = 500;

/// Refreshes the entries of some pending products, those that have waited longest first, and returns how many those
/// were. Fewer than [`DRAIN_LIMIT`] means that nothing is left.
///
/// # Errors
/// If the cache or the database fails; then the products stay pending.
pub async fn drain(database: &CatalogDatabase, cache: &Cache) -> Result<usize, Box<dyn Error>> {
    let limit = i64::try_from(DRAIN_LIMIT)?;
    let views = database
        .run(async |store| {
            let skus = store.pending(limit).await?;
            store.views(&skus.iter().map(String::as_str).collect::<Vec<_>>()).await
        })
        .await?;
    cache.refresh(&views).await?;
    database.run(async |store| store.settle_pending(&views).await).await?;
    Ok(views.len())
}
