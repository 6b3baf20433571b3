//! Counts of the events in the processor's batches, summed over its batch lines.

use std::collections::BTreeMap;

use pipegen_contract::batch_line;
use serde::Serialize;
use serde_json::Value;

use crate::lambda_host::BatchLine;

/// Sums over acknowledged batches. A retried batch counts once, with its last line: so `events` is exact, while events
/// that an earlier attempt had applied count as duplicates.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// All events, including the rejected ones.
    pub events: u64,
    /// Accepted events by outcome.
    pub outcomes: Outcomes,
    /// Rejected events by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Cache entries that were refreshed.
    pub refreshed: u64,
    /// Products whose cache entry could not be refreshed at once.
    pub pending: u64,
    /// Milliseconds by stage.
    pub milliseconds: BTreeMap<String, f64>,
}

/// The outcomes of accepted events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// Events that changed the catalog.
    pub applied: u64,
    /// Events older than what the catalog had already.
    pub stale: u64,
    /// Events that were applied before.
    pub duplicate: u64,
}

impl Tally {
    /// Adds the counts of a batch.
    pub fn add(&mut self, line: &BatchLine) {
        let count = |name: &str| line.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.events += count(batch_line::EVENTS);
        self.outcomes.applied += count(batch_line::APPLIED);
        self.outcomes.stale += count(batch_line::STALE);
        self.outcomes.duplicate += count(batch_line::DUPLICATE);
        self.refreshed += count(batch_line::REFRESHED);
        self.pending += count(batch_line::PENDING);
        let entries = |name: &str| line.get(name).and_then(Value::as_object).into_iter().flatten();
        for (reason, count) in entries(batch_line::REJECTED) {
            *self.rejected.entry(reason.clone()).or_default() += count.as_u64().unwrap_or(0);
        }
        for (stage, milliseconds) in entries(batch_line::MILLISECONDS) {
            *self.milliseconds.entry(stage.clone()).or_default() += milliseconds.as_f64().unwrap_or(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_summed() {
        let line = serde_json::json!({
            "message": "batch", "records": 2, "events": 7, "applied": 3, "stale": 1, "duplicate": 1, "refreshed": 4, "pending": 5,
            "rejected": {"invalid_json": 2}, "milliseconds": {"decode": 0.5, "apply": 2},
        });
        let Value::Object(line) = line else { panic!("an object") };
        let mut tally = Tally::default();
        tally.add(&line);
        tally.add(&line);
        tally.add(&BatchLine::new());
        let expected = Tally {
            events: 14,
            outcomes: Outcomes { applied: 6, stale: 2, duplicate: 2 },
            rejected: BTreeMap::from([("invalid_json".to_owned(), 4)]),
            refreshed: 8,
            pending: 10,
            milliseconds: BTreeMap::from([("apply".to_owned(), 4.0), ("decode".to_owned(), 1.0)]),
        };
        assert_eq!(tally, expected);
    }
}
