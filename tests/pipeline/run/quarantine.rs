//! The quarantine bucket as the run left it, held against the model.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::objects::{Line, lines};
use crate::model::judge::Rejection;

/// A rejection's place: shard, sequence number, index.
type Place = (String, String, u64);

/// Every rejection in the bucket, each taken once.
pub(crate) struct Quarantine(BTreeMap<Place, Found>);

/// What a line says about its event.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    reason: String,
    event: Vec<u8>,
    arrived_at: i64,
}

impl Quarantine {
    /// Reads every object of the bucket; refuses objects under any other name, and lines with other fields.
    pub(crate) fn read(bucket: &Path) -> Result<Self> {
        let mut rejections = BTreeMap::new();
        for line in lines(bucket, "rejected/v1/")? {
            let (place, found) = rejection(line)?;
            // Delivered again, a record is rejected again, and must be for the same reason.
            let first = rejections.entry(place.clone()).or_insert_with(|| found.clone());
            ensure!(*first == found, "{place:?} is there twice, and differs");
        }
        Ok(Self(rejections))
    }

    /// Every rejection must be what the model says, and none more or less.
    pub(crate) fn check(&self, expected: &[Rejection]) {
        let expected: BTreeMap<Place, Found> =
            expected.iter().map(|rejection| (place(rejection), found(rejection))).collect();
        let places = expected.keys().chain(self.0.keys().filter(|place| !expected.contains_key(*place)));
        let differing: Vec<String> = places
            .filter(|place| expected.get(*place) != self.0.get(*place))
            .map(|place| {
                format!("{place:?}\n  expected {}\n  found    {}", text(expected.get(place)), text(self.0.get(place)))
            })
            .collect();
        let shown = differing.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
        assert!(differing.is_empty(), "{} rejections differ from the model:\n{shown}", differing.len());
    }
}

fn place(rejection: &Rejection) -> Place {
    (rejection.shard.clone(), rejection.sequence_number.clone(), rejection.index)
}

fn found(rejection: &Rejection) -> Found {
    let Rejection { reason, event, arrived_at, .. } = rejection.clone();
    Found { reason: reason.to_owned(), event, arrived_at }
}

fn text(found: Option<&Found>) -> String {
    found.map_or_else(
        || "nothing".to_owned(),
        |Found { reason, event, arrived_at }| {
            let event: String = String::from_utf8_lossy(event).chars().take(300).collect();
            format!("{reason} {arrived_at} {event}")
        },
    )
}

fn rejection(line: Line) -> Result<(Place, Found)> {
    ensure!(line.fields.len() == 8, "not eight fields: {:?}", line.fields);
    ensure!(!line.text("detail")?.is_empty(), "the detail is empty: {:?}", line.fields);
    let index = line.fields.get("index").and_then(Value::as_u64).context("no index")?;
    let reason = line.text("reason")?.to_owned();
    let found = Found { reason, event: line.event, arrived_at: line.arrived_at };
    Ok(((line.shard, line.sequence_number, index), found))
}
