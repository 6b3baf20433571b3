//! Filling in of entries that a reader has missed and then read from the database.

use pipegen_contract::cache::product;
use pipegen_store::View;

use super::read::FillPermission;
use super::{Cache, CacheError, FILL_SECONDS, Server};

/// The time to live of an unknown SKU's entry, in seconds. The first event about the SKU replaces the entry at once.
pub const UNKNOWN_SECONDS: u32 = 30;

/// The version and the view of an unknown SKU's entry.
const UNKNOWN: (i64, &str) = (0, "");

/// A SKU as it is in the database.
#[derive(Clone, Copy, Debug)]
pub struct Fill<'a> {
    pub sku: &'a str,
    /// Its view; `None` if the SKU is unknown.
    pub view: Option<&'a View>,
}

impl<S: Server> Cache<S> {
    /// Fills in missed SKUs as they are in the database, and returns how many entries that changed. The database must
    /// have been queried after the reading that gave the permission. A fill that is not newer than its entry, or comes
    /// too late, is left out.
    pub async fn fill(&self, permission: FillPermission, fills: &[Fill<'_>]) -> Result<usize, CacheError> {
        if fills.is_empty() {
            return Ok(0);
        }
        let mut call = self.fill.prepare_invoke();
        call.arg(permission.time).arg(i64::from(FILL_SECONDS) * 1_000_000);
        for fill in fills {
            call.key(product(fill.sku));
            match fill.view {
                Some(view) => call.arg(view.version).arg(&view.json).arg(self.ttl_seconds(view)),
                None => call.arg(UNKNOWN.0).arg(UNKNOWN.1).arg(UNKNOWN_SECONDS),
            };
        }
        let filled = self.connection.run(async |connection| call.invoke_async(connection).await);
        self.with_timeout(permission.time_left, filled).await
    }
}
