//! Telling the cache what it missed.

use std::error::Error;

use crate::cache::Cache;
use crate::database::CatalogDatabase;

/// How many pending products are told at a time.
pub const DRAINED_AT_A_TIME: usize = 500;

/// Tells the cache of some products that it missed, those that have waited longest first, and returns how many those were.
/// Fewer than [`DRAINED_AT_A_TIME`] means that nothing is left.
///
/// # Errors
/// If the cache or the database cannot be asked; then the products stay pending.
pub async fn drain(database: &CatalogDatabase, cache: &Cache) -> Result<usize, Box<dyn Error>> {
    let limit = i64::try_from(DRAINED_AT_A_TIME)?;
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
