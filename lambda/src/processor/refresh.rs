//! After the commit: the cache is told of every product in the batch, or what it has yet to be told is remembered.

use lambda_runtime::tracing::warn;
use pipegen_store::{Error, View};

use crate::logging::chain;
use crate::resources::Resources;

/// How many pending products are told at a time.
const DRAINED_AT_A_TIME: i64 = 500;

/// Who knows of the new versions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The cache: number of entries.
    Cache(usize),
    /// The table of pending refreshes: number of products.
    Pending(usize),
}

/// Tells the cache of all these views, also of those that the batch has not changed: a redelivered batch must repair what a
/// crash left.
///
/// # Errors
/// If neither the cache nor the database could be told: then the batch must come again.
pub(super) async fn refresh(resources: &Resources, views: &[View]) -> Result<Told, String> {
    if views.is_empty() {
        return Ok(Told::Cache(0));
    }
    if let Err(error) = resources.cache.refresh(views).await {
        warn!(why = chain(&error), products = views.len(), "the cache could not be told");
        resources.store.add_pending(views).await.map_err(|error| chain(&error))?;
        return Ok(Told::Pending(views.len()));
    }
    if resources.cache.has_missed() {
        // The batch itself is done; whatever is left over here is tried again with the next one.
        if let Err(error) = drain(resources).await {
            warn!(why = error, "pending refreshes are left over");
        }
    }
    Ok(Told::Cache(views.len()))
}

/// Tells the cache of some products that it missed.
async fn drain(resources: &Resources) -> Result<(), String> {
    let database = |error: Error| chain(&error);
    let skus = resources.store.pending(DRAINED_AT_A_TIME).await.map_err(database)?;
    let views = resources.store.views(&skus.iter().map(String::as_str).collect::<Vec<_>>()).await.map_err(database)?;
    resources.cache.refresh(&views).await.map_err(|error| chain(&error))?;
    resources.store.settle_pending(&views).await.map_err(database)?;
    if views.len() < usize::try_from(DRAINED_AT_A_TIME).unwrap_or(usize::MAX) {
        resources.cache.caught_up();
    }
    Ok(())
}
