//! After the commit: the cache is told of every product in the batch, or what it has yet to be told is remembered.

use lambda_runtime::tracing::warn;
use pipegen_store::View;

use crate::database::DatabaseError;
use crate::logging::chain;
use crate::pending::{DRAINED_AT_A_TIME, drain};
use crate::resources::ProcessorResources;

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
pub(super) async fn refresh(resources: &ProcessorResources, views: &[View]) -> Result<Told, DatabaseError> {
    if views.is_empty() {
        return Ok(Told::Cache(0));
    }
    if let Err(error) = resources.cache.refresh(views).await {
        warn!(why = chain(&error), products = views.len(), "the cache could not be told");
        resources.database.run(async |store| store.add_pending(views).await).await?;
        return Ok(Told::Pending(views.len()));
    }
    if resources.cache.has_missed() {
        // The batch itself is done; whatever is left over here is tried again with the next one.
        match drain(&resources.database, &resources.cache).await {
            Ok(told) if told < DRAINED_AT_A_TIME => resources.cache.caught_up(),
            Ok(_) => {}
            Err(error) => warn!(why = chain(&*error), "pending refreshes are left over"),
        }
    }
    Ok(Told::Cache(views.len()))
}
