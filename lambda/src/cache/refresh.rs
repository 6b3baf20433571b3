//! Refreshing of entries with newer versions, after the database has committed them.

use pipegen_contract::cache::product;
use pipegen_store::View;
use redis::RedisError;

use super::{Cache, CacheError};

/// The time to live of a tombstone, in seconds. A reader's fill is refused long before.
const TOMBSTONE_SECONDS: u32 = 60;

/// The most entries that one script call refreshes: about a millisecond in which Redis serves nobody else.
const ENTRIES_PER_CALL: usize = 500;

impl Cache {
    /// Refreshes the entries of these views. An entry that is as new or newer stays; repeating the refresh changes
    /// nothing.
    pub async fn refresh(&self, views: &[View]) -> Result<(), CacheError> {
        if views.is_empty() {
            return Ok(());
        }
        self.check_circuit()?;
        for views in views.chunks(ENTRIES_PER_CALL) {
            self.refresh_some(views).await.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    async fn refresh_some(&self, views: &[View]) -> Result<(), RedisError> {
        let mut call = self.refresh.prepare_invoke();
        call.arg(TOMBSTONE_SECONDS);
        for view in views {
            call.key(product(&view.sku)).arg(view.version).arg(&view.json).arg(self.ttl_seconds(view));
        }
        self.connection.run(async |connection| call.invoke_async(connection).await).await
    }
}
