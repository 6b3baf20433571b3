//! Asking for entries. A reader has the database to turn to, so it waits for the cache for a moment only.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use pipegen_contract::cache::product;
use pipegen_store::View;
use redis::{ErrorKind, RedisError};
use tokio::time::{Instant, timeout};

use super::{Cache, CacheError};

/// How long one read waits for the cache in all, its fill included.
const PATIENCE: Duration = Duration::from_millis(50);

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The product.
    Known(View),
    /// There is no such product.
    Unknown,
    /// Nothing: the database must be asked.
    Missing {
        /// The version that a tombstone says the database has reached; 0 without one.
        told: i64,
    },
}

/// What the cache says about some SKUs.
#[derive(Debug)]
pub struct Reading {
    /// One for each SKU, in their order.
    pub entries: Vec<Entry>,
    /// The right to fill in what is missing.
    pub ticket: Ticket,
}

/// The right to fill in, once, what a reading has missed.
#[derive(Debug)]
pub struct Ticket {
    /// Redis' time before it looked, in microseconds since the epoch.
    pub(super) time: i64,
    /// How long the read may still wait for the cache.
    pub(super) patience: Duration,
}

/// What the script returns: the time's seconds and microseconds, and for each key version and view.
type Reply = (i64, i64, Vec<(Field, Field)>);
type Field = Option<Vec<u8>>;

impl Cache {
    /// What the cache says about these SKUs, in one round trip. An entry that cannot be understood is a missing one.
    pub async fn read(&self, skus: &[&str]) -> Result<Reading, CacheError> {
        let started = Instant::now();
        let (time, entries) = self.within(PATIENCE, self.look_up(skus)).await?;
        Ok(Reading { entries, ticket: Ticket { time, patience: PATIENCE.saturating_sub(started.elapsed()) } })
    }

    /// The work's result, unless the cache is being left alone or takes longer than this.
    pub(super) async fn within<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, CacheError> {
        self.allowed()?;
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
        timeout(patience, work).await.unwrap_or_else(late).map_err(|error| self.failed(error))
    }

    async fn look_up(&self, skus: &[&str]) -> Result<(i64, Vec<Entry>), RedisError> {
        let (script, connection) = (Arc::clone(&self.read), Arc::clone(&self.connection));
        let keys: Vec<String> = skus.iter().map(|sku| product(sku)).collect();
        // On a task of its own, so that a connection that takes longer to make than this reader waits is there for the next one.
        let asked = tokio::spawn(async move {
            let mut call = script.prepare_invoke();
            for key in keys {
                call.key(key);
            }
            connection.ask(async |connection| call.invoke_async::<Reply>(connection).await).await
        });
        let gone = |_| RedisError::from((ErrorKind::Client, "the task that asks is gone"));
        let (seconds, microseconds, replies) = asked.await.map_err(gone)??;
        let entries = skus.iter().zip(replies).map(|(sku, fields)| entry(sku, fields)).collect();
        Ok((seconds * 1_000_000 + microseconds, entries))
    }
}

/// What the fields say. What is no text cannot be understood.
fn entry(sku: &str, (version, view): (Field, Field)) -> Entry {
    let text = |field: Field| field.map(String::from_utf8).transpose();
    let (Ok(version), Ok(view)) = (text(version), text(view)) else { return Entry::Missing { told: 0 } };
    let version = version.and_then(|version| version.parse().ok()).filter(|version| *version >= 0);
    match (version, view) {
        (None, _) => Entry::Missing { told: 0 },
        (Some(told), None) => Entry::Missing { told },
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
        assert_eq!(fields(Some("7"), None), Entry::Missing { told: 7 });
        assert_eq!(fields(None, None), Entry::Missing { told: 0 });
    }

    #[test]
    fn what_cannot_be_understood_is_missing() {
        for version in [None, Some(""), Some("seven"), Some("-1"), Some("99999999999999999999")] {
            assert_eq!(fields(version, Some("{}")), Entry::Missing { told: 0 }, "{version:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_missing() {
        assert_eq!(entry("85123A", (Some(b"7".into()), Some(vec![0xff]))), Entry::Missing { told: 0 });
    }
}
