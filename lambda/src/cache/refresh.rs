//! Refreshing of entries with newer versions, after the database has committed them. Writers first announce the
//! versions, which need no view where none is cached, and then send the views that replace older ones. Each entry that
//! this brings to a newer version is published on the channel of changes, in the same call.

use pipegen_contract::cache::{CHANGES_CHANNEL, product};
use pipegen_store::{ProductVersion, View};
use redis::{RedisResult, ScriptInvocation};

use super::{Cache, CacheError, Server, message};

/// The time to live of a tombstone, in seconds. A reader's fill is refused long before.
const TOMBSTONE_SECONDS: u32 = 60;

/// The most entries that one script call refreshes: about a millisecond in which Redis serves nobody else.
const ENTRIES_PER_CALL: usize = 500;

impl<S: Server> Cache<S> {
    /// Announces these versions: leaves a tombstone where no view is cached. Returns the products of which an older
    /// view is cached, and stays until [`Self::refresh`] replaces it. Repeating it changes nothing.
    pub async fn announce<'a>(&self, products: &'a [ProductVersion]) -> Result<Vec<&'a ProductVersion>, CacheError> {
        let mut outdated = Vec::new();
        if products.is_empty() {
            return Ok(outdated);
        }
        self.check_circuit()?;
        for products in products.chunks(ENTRIES_PER_CALL) {
            let mut call = self.announce.prepare_invoke();
            call.arg(TOMBSTONE_SECONDS).arg(CHANGES_CHANNEL);
            for announced in products {
                let ProductVersion { sku, version, .. } = announced;
                call.key(product(sku)).arg(*version).arg(message::of_version(announced));
            }
            let numbers: Vec<usize> = self.call(&call).await?;
            // Lua counts from 1.
            outdated.extend(numbers.into_iter().filter_map(|number| products.get(number.checked_sub(1)?)));
        }
        Ok(outdated)
    }

    /// Replaces the cached views of these products. An entry that is as new or newer stays, and where no view is cached
    /// there is a tombstone. Repeating it changes nothing.
    pub async fn refresh(&self, views: &[View]) -> Result<(), CacheError> {
        if views.is_empty() {
            return Ok(());
        }
        self.check_circuit()?;
        for views in views.chunks(ENTRIES_PER_CALL) {
            let mut call = self.refresh.prepare_invoke();
            call.arg(TOMBSTONE_SECONDS).arg(CHANGES_CHANNEL);
            for view in views {
                call.key(product(&view.sku)).arg(view.version).arg(&view.json).arg(self.ttl_seconds(view));
                call.arg(message::of_view(view));
            }
            let () = self.call(&call).await?;
        }
        Ok(())
    }

    /// Calls a script, and if that fails once more, on a new connection. The old connection may have died long ago, or
    /// lead to a server that was demoted; and a process that stood still finds the time for an answer over, though the
    /// answer has come. Repeating the call changes nothing.
    async fn call<T: redis::FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, CacheError> {
        let called = match self.once(call).await {
            Err(_) => self.once(call).await,
            called => called,
        };
        called.map_err(|error| self.failed(error))
    }

    async fn once<T: redis::FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> RedisResult<T> {
        self.connection.run(async |connection| call.invoke_async(connection).await).await
    }
}
