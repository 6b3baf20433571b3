//! Asking for entries. A reader has the database to turn to, so it waits for the cache for a moment only.

use std::io;
use std::time::Duration;

use pipegen_contract::cache::{VERSION, VIEW, product};
use pipegen_store::View;
use redis::{ErrorKind, Pipeline, RedisError, RedisResult};
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

/// `TIME`'s seconds and microseconds, or `HMGET`'s version and view.
type Reply = RedisResult<(Option<String>, Option<String>)>;

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
        let (commands, mut connection) = (commands(skus), self.connection.clone());
        // On a task of its own, so that a connection that takes longer to make than this reader waits is there for the next one.
        let asked = tokio::spawn(async move { commands.query_async::<Vec<Reply>>(&mut connection).await });
        let gone = |_| RedisError::from((ErrorKind::Client, "the task that asks is gone"));
        let mut replies = asked.await.map_err(gone)??.into_iter();
        let time = replies.next().ok_or((ErrorKind::UnexpectedReturnType, "no reply to TIME"))?;
        let entries = skus.iter().zip(replies).map(|(sku, reply)| entry(sku, reply)).collect::<Result<_, _>>()?;
        Ok((microseconds(time?)?, entries))
    }
}

/// The time first: it must not be later than the moment at which something was found missing.
fn commands(skus: &[&str]) -> Pipeline {
    let mut commands = redis::pipe();
    commands.ignore_errors().cmd("TIME");
    for sku in skus {
        commands.cmd("HMGET").arg(product(sku)).arg(VERSION).arg(VIEW);
    }
    commands
}

fn microseconds((seconds, microseconds): (Option<String>, Option<String>)) -> Result<i64, RedisError> {
    let number = |text: Option<String>| text?.parse::<i64>().ok();
    let time = number(seconds).zip(number(microseconds)).map(|(seconds, micros)| seconds * 1_000_000 + micros);
    time.ok_or_else(|| RedisError::from((ErrorKind::UnexpectedReturnType, "TIME is no time")))
}

/// What the reply says.
///
/// # Errors
/// If the server could not look, which says nothing about the entry.
fn entry(sku: &str, reply: Reply) -> Result<Entry, RedisError> {
    let (version, view) = match reply {
        Ok(fields) => fields,
        // Another type lies under the key, or what is no text.
        Err(error) if error.code().is_none_or(|code| code == "WRONGTYPE") => return Ok(Entry::Missing { told: 0 }),
        Err(error) => return Err(error),
    };
    let version = version.and_then(|version| version.parse().ok()).filter(|version| *version >= 0);
    Ok(match (version, view) {
        (None, _) => Entry::Missing { told: 0 },
        (Some(told), None) => Entry::Missing { told },
        (Some(_), Some(view)) if view.is_empty() => Entry::Unknown,
        (Some(version), Some(json)) => Entry::Known(View { sku: sku.to_owned(), version, json }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(version: Option<&str>, view: Option<&str>) -> Entry {
        entry("85123A", Ok((version.map(str::to_owned), view.map(str::to_owned)))).unwrap()
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
    fn time_is_seconds_and_microseconds() {
        let time = |seconds: &str, micros: &str| microseconds((Some(seconds.to_owned()), Some(micros.to_owned())));
        assert_eq!(time("1795410000", "001234").unwrap(), 1_795_410_000_001_234);
        assert!(time("now", "1").is_err());
        assert!(microseconds((None, None)).is_err());
    }
}
