//! Refreshing the cache after the commit. What cannot be refreshed is added to the table of pending refreshes.

use lambda_runtime::tracing::warn;
use pipegen_store::ProductVersion;

use crate::cache::Server;
use crate::database::{DatabaseError, Tables};
use crate::logging::chain;
use crate::pending::{DRAIN_LIMIT, drain};
use crate::refresh::{self, RefreshError};
use crate::resources::ProcessorResources;

/// The outcome of refreshing the cache after a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RefreshOutcome {
    /// This number of entries was refreshed.
    Refreshed(usize),
    /// This number of products was added to the table of pending refreshes.
    Pending(usize),
}

/// Refreshes the entries of all these products, also of those that the batch has not changed: a redelivered batch must
/// repair what a crash left.
///
/// # Errors
/// If the database fails: neither could the cache be refreshed, nor the table of pending refreshes written. Then the
/// batch must be retried.
pub(super) async fn refresh(
    resources: &ProcessorResources<impl Tables, impl Server>,
    products: &[ProductVersion],
) -> Result<RefreshOutcome, DatabaseError> {
    if products.is_empty() {
        return Ok(RefreshOutcome::Refreshed(0));
    }
    match refresh::refresh(&resources.database, &resources.cache, products).await {
        Ok(()) => {}
        Err(RefreshError::Database(error)) => return Err(error),
        Err(RefreshError::Cache(error)) => {
            let why = chain(&error);
            warn!(why, products = products.len(), "the cache could not be refreshed; the refresh is pending");
            resources.database.run(async |store| store.add_pending(products).await).await?;
            return Ok(RefreshOutcome::Pending(products.len()));
        }
    }
    if resources.cache.missed_refreshes() {
        // The batch itself is done; whatever is left over here is retried with the next one.
        match drain(&resources.database, &resources.cache).await {
            Ok(drained) if drained < DRAIN_LIMIT => resources.cache.caught_up(),
            Ok(_) => {}
            Err(error) => warn!(why = chain(&*error), "pending refreshes could not be drained"),
        }
    }
    Ok(RefreshOutcome::Refreshed(products.len()))
}
