//! One server of the cache: its entries, its clock, and the commands that the scripts use.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The time for which changes are kept that a replica may not have yet.
const REPLICATION_LAG: Duration = Duration::from_millis(500);

/// An entry: a hash, and when it expires.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) fields: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// A server.
#[derive(Default)]
pub(crate) struct Node {
    pub(crate) is_primary: bool,
    entries: BTreeMap<Vec<u8>, Entry>,
    /// The time of the running call.
    now: DateTime<Utc>,
    /// By how much its clock is ahead.
    skew: TimeDelta,
    /// The entries of keys before their last changes, with the times of these.
    changes: VecDeque<(DateTime<Utc>, Vec<u8>, Option<Entry>)>,
    /// The scripts that it has, by their hashes.
    pub(crate) scripts: BTreeMap<Vec<u8>, String>,
    /// The published messages, each with its channel.
    pub(crate) published: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The reply of a command.
pub(crate) enum Reply {
    Nil,
    Number(i32),
    Text(Vec<u8>),
    List(Vec<Self>),
}

impl Node {
    /// Makes an empty primary whose clock is ahead by this.
    pub(crate) fn primary(skew: TimeDelta) -> Self {
        Self { is_primary: true, skew, ..Self::default() }
    }

    /// Lets its clock go on to this time, and forgets what has expired.
    pub(crate) fn at(&mut self, now: DateTime<Utc>) -> &mut Self {
        self.now = now;
        self.entries.retain(|_, entry| entry.expires_at.is_none_or(|at| now < at));
        while self.changes.front().is_some_and(|(at, ..)| *at + REPLICATION_LAG < now) {
            self.changes.pop_front();
        }
        self
    }

    pub(crate) fn entries(&self) -> &BTreeMap<Vec<u8>, Entry> {
        &self.entries
    }

    pub(crate) fn flush(&mut self) {
        self.entries.clear();
    }

    /// Removes an entry.
    pub(crate) fn evict(&mut self, number: usize) {
        if let Some(key) = self.entries.keys().nth(number).cloned() {
            self.entries.remove(&key);
        }
    }

    /// Returns the replica that takes over: without the changes since `lag` ago, and without scripts.
    pub(crate) fn promoted_replica(&self, lag: Duration, skew: TimeDelta) -> Self {
        let mut entries = self.entries.clone();
        for (_, key, before) in self.changes.iter().rev().take_while(|(at, ..)| *at + lag >= self.now) {
            match before {
                Some(entry) => entries.insert(key.clone(), entry.clone()),
                None => entries.remove(key),
            };
        }
        Self { is_primary: true, entries, now: self.now, skew, ..Self::default() }
    }

    /// Carries out a command of a script.
    pub(crate) fn command(&mut self, arguments: &[Vec<u8>]) -> Result<Reply, String> {
        let (name, arguments) = arguments.split_first().ok_or("ERR no command")?;
        let name = String::from_utf8_lossy(name).to_lowercase();
        if !self.is_primary && matches!(&*name, "hset" | "expire" | "del") {
            return Err("READONLY You can't write against a read only replica.".to_owned());
        }
        match (&*name, arguments) {
            ("time", []) => Ok(self.time()),
            ("hmget", [key, fields @ ..]) => Ok(self.hmget(key, fields)),
            ("hset", [key, pairs @ ..]) => Ok(self.hset(key, pairs)),
            ("expire", [key, seconds]) => self.expire(key, seconds),
            ("persist", [key]) => Ok(self.persist(key)),
            ("del", [key]) => Ok(self.del(key)),
            ("publish", [channel, message]) => {
                self.published.push((channel.clone(), message.clone()));
                Ok(Reply::Number(0))
            }
            _ => Err(format!("ERR the model does not know `{name}` with {} arguments", arguments.len())),
        }
    }

    fn time(&self) -> Reply {
        let now = self.now + self.skew;
        let text = |number: i64| Reply::Text(number.to_string().into_bytes());
        Reply::List(vec![text(now.timestamp()), text(i64::from(now.timestamp_subsec_micros()))])
    }

    fn hmget(&self, key: &[u8], fields: &[Vec<u8>]) -> Reply {
        let entry = self.entries.get(key);
        let field = |name| entry.and_then(|entry| entry.fields.get(name)).cloned();
        Reply::List(fields.iter().map(|name| field(name).map_or(Reply::Nil, Reply::Text)).collect())
    }

    fn hset(&mut self, key: &[u8], pairs: &[Vec<u8>]) -> Reply {
        self.remember(key);
        let entry = self.entries.entry(key.to_vec()).or_default();
        let mut new = 0;
        for pair in pairs.chunks_exact(2) {
            new += i32::from(entry.fields.insert(pair[0].clone(), pair[1].clone()).is_none());
        }
        Reply::Number(new)
    }

    fn expire(&mut self, key: &[u8], seconds: &[u8]) -> Result<Reply, String> {
        let seconds: Option<i64> = str::from_utf8(seconds).ok().and_then(|seconds| seconds.parse().ok());
        let seconds = seconds.ok_or("ERR value is not an integer or out of range")?;
        self.remember(key);
        let expires_at = self.now + TimeDelta::seconds(seconds);
        let entry = self.entries.get_mut(key);
        Ok(Reply::Number(i32::from(entry.map(|entry| entry.expires_at = Some(expires_at)).is_some())))
    }

    fn persist(&mut self, key: &[u8]) -> Reply {
        self.remember(key);
        let entry = self.entries.get_mut(key);
        Reply::Number(i32::from(entry.map(|entry| entry.expires_at = None).is_some()))
    }

    fn del(&mut self, key: &[u8]) -> Reply {
        self.remember(key);
        Reply::Number(i32::from(self.entries.remove(key).is_some()))
    }

    fn remember(&mut self, key: &[u8]) {
        self.changes.push_back((self.now, key.to_vec(), self.entries.get(key).cloned()));
    }
}
