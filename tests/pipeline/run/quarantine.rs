//! The quarantine bucket of a run, compared with the model.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::objects::{ObjectLine, lines};
use crate::model::decode::Rejection;

/// The identity of a rejection: shard, sequence number, index.
type RejectionKey = (String, String, u64);

/// The distinct rejections in the bucket.
pub(crate) struct Quarantine(BTreeMap<RejectionKey, StoredRejection>);

/// The content of a line.
#[derive(Clone, Debug, PartialEq)]
struct StoredRejection {
    reason: String,
    event: Vec<u8>,
    arrived_at: i64,
}

impl Quarantine {
    /// Reads every object of the bucket; fails on objects with other keys and on lines with other fields.
    pub(crate) fn read(bucket: &Path) -> Result<Self> {
        let mut rejections = BTreeMap::new();
        for line in lines(bucket, "rejected/v1/")? {
            let (key, stored) = rejection(line)?;
            // A record that is delivered again is rejected again, for the same reason.
            let first = rejections.entry(key.clone()).or_insert_with(|| stored.clone());
            ensure!(*first == stored, "{key:?} is there twice, and differs");
        }
        Ok(Self(rejections))
    }

    /// Checks that the rejections are exactly those of the model.
    pub(crate) fn check(&self, expected: &[Rejection]) -> Result<()> {
        let expected: BTreeMap<RejectionKey, StoredRejection> =
            expected.iter().map(|rejection| (key(rejection), stored(rejection))).collect();
        let keys = expected.keys().chain(self.0.keys().filter(|key| !expected.contains_key(*key)));
        let differing: Vec<String> = keys
            .filter(|key| expected.get(*key) != self.0.get(*key))
            .map(|key| format!("{key:?}\n  expected {}\n  found    {}", text(expected.get(key)), text(self.0.get(key))))
            .collect();
        let shown = differing.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
        ensure!(differing.is_empty(), "{} rejections differ from the model:\n{shown}", differing.len());
        Ok(())
    }
}

fn key(rejection: &Rejection) -> RejectionKey {
    (rejection.shard.clone(), rejection.sequence_number.clone(), rejection.index)
}

fn stored(rejection: &Rejection) -> StoredRejection {
    let Rejection { reason, event, arrived_at, .. } = rejection.clone();
    StoredRejection { reason: reason.to_owned(), event, arrived_at }
}

fn text(stored: Option<&StoredRejection>) -> String {
    stored.map_or_else(
        || "nothing".to_owned(),
        |StoredRejection { reason, event, arrived_at }| {
            let event: String = String::from_utf8_lossy(event).chars().take(300).collect();
            format!("{reason} {arrived_at} {event}")
        },
    )
}

fn rejection(line: ObjectLine) -> Result<(RejectionKey, StoredRejection)> {
    ensure!(line.fields.len() == 8, "not eight fields: {:?}", line.fields);
    ensure!(!line.text("detail")?.is_empty(), "the detail is empty: {:?}", line.fields);
    let index = line.fields.get("index").and_then(Value::as_u64).context("no index")?;
    let reason = line.text("reason")?.to_owned();
    let stored = StoredRejection { reason, event: line.event, arrived_at: line.arrived_at };
    Ok(((line.shard, line.sequence_number, index), stored))
}
