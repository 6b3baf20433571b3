//! Reading of entries. A reader can also use the database, so it waits for the cache for a moment only.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use pipegen_contract::cache::product;
use pipegen_store::View;
use redis::{ErrorKind, RedisError};
use tokio::time::{Instant, timeout};

use super::{Cache, CacheError, Server};

/// The time that one read may spend on the cache, its fill included.
const READ_TIMEOUT: Duration = Duration::from_millis(50);

/// An entry as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A product's view.
    Known(View),
    /// The SKU is unknown.
    Unknown,
    /// No view: the database must be queried.
    Missing {
        /// The version that the database has reached, from the tombstone; 0 without one.
        min_version: i64,
    },
}

/// The entries of some SKUs, and the permission to fill in the missing ones.
#[derive(Debug)]
pub struct Reading {
    /// One entry for each SKU, in their order.
    pub entries: Vec<Entry>,
    pub fill_permission: FillPermission,
}

/// The permission to fill in, once, the entries that a reading has missed.
#[derive(Debug)]
pub struct FillPermission {
    /// Redis' time before it read the entries, in microseconds since the epoch.
    pub(super) time: i64,
    /// The rest of the time that the read may spend on the cache.
    pub(super) time_left: Duration,
}

/// The reply of the script: the time's seconds and microseconds, and for each key version and view.
type Reply = (i64, i64, Vec<(Field, Field)>);
type Field = Option<Vec<u8>>;

impl<S: Server> Cache<S> {
    /// Reads the entries of these SKUs in one round trip. An entry that cannot be parsed is a missing one.
    pub async fn read(&self, skus: &[&str]) -> Result<Reading, CacheError> {
        let started = Instant::now();
        let (time, entries) = self.with_timeout(READ_TIMEOUT, self.look_up(skus)).await?;
        let time_left = READ_TIMEOUT.saturating_sub(started.elapsed());
        Ok(Reading { entries, fill_permission: FillPermission { time, time_left } })
    }

    /// Does the work, unless the circuit is open. Work that takes longer than this is a failure of the cache.
    pub(super) async fn with_timeout<T>(
        &self,
        time_limit: Duration,
        work: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, CacheError> {
        self.check_circuit()?;
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
        timeout(time_limit, work).await.unwrap_or_else(late).map_err(|error| self.failed(error))
    }

    async fn look_up(&self, skus: &[&str]) -> Result<(i64, Vec<Entry>), RedisError> {
        let (script, connection) = (Arc::clone(&self.read), Arc::clone(&self.connection));
        let keys: Vec<String> = skus.iter().map(|sku| product(sku)).collect();
        // On a task of its own, so that a connection that takes longer to make than this reader waits is ready for the
        // next one.
        let task = tokio::spawn(async move {
            let mut call = script.prepare_invoke();
            for key in keys {
                call.key(key);
            }
            connection.run(async |connection| call.invoke_async::<Reply>(connection).await).await
        });
        let ended = |_| RedisError::from((ErrorKind::Client, "the task that reads the cache has ended"));
        let (seconds, microseconds, replies) = task.await.map_err(ended)??;
        let entries = skus.iter().zip(replies).map(|(sku, fields)| entry(sku, fields)).collect();
        Ok((seconds * 1_000_000 + microseconds, entries))
    }
}

/// Parses an entry's fields, which must be UTF-8.
fn entry(sku: &str, (version, view): (Field, Field)) -> Entry {
    let text = |field: Field| field.map(String::from_utf8).transpose();
    let (Ok(version), Ok(view)) = (text(version), text(view)) else { return Entry::Missing { min_version: 0 } };
    let version = version.and_then(|version| version.parse().ok()).filter(|version| *version >= 0);
    match (version, view) {
        (None, _) => Entry::Missing { min_version: 0 },
        (Some(min_version), None) => Entry::Missing { min_version },
        (Some(_), Some(view)) if view.is_empty() => Entry::Unknown,
        (Some(version), Some(json)) => Entry::Known(View { sku: sku.to_owned(), version, json }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(version: Option<&str>, view: Option<&str>) -> Entry {
        entry("85123A", (version.map(Into::into), view.map(Into::into)))
    }

    #[test]
    fn an_entry_is_a_view_an_unknown_sku_or_missing() {
        let view = View { sku: "85123A".to_owned(), version: 7, json: "{}".to_owned() };
        assert_eq!(fields(Some("7"), Some("{}")), Entry::Known(view));
        assert_eq!(fields(Some("0"), Some("")), Entry::Unknown);
        assert_eq!(fields(Some("7"), None), Entry::Missing { min_version: 7 });
        assert_eq!(fields(None, None), Entry::Missing { min_version: 0 });
    }

    #[test]
    fn an_entry_that_cannot_be_parsed_is_missing() {
        for version in [None, Some(""), Some("seven"), Some("-1"), Some("99999999999999999999")] {
            assert_eq!(fields(version, Some("{}")), Entry::Missing { min_version: 0 }, "{version:?}");
        }
    }

    #[test]
    fn an_entry_that_is_not_text_is_missing() {
        assert_eq!(entry("85123A", (Some(b"7".into()), Some(vec![0xff]))), Entry::Missing { min_version: 0 });
    }
}
