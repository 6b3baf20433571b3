//! The result of a run, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pipegen_contract::batch_line::Stage;
use pipegen_contract::role::Role;
use serde::Serialize;

use crate::event_source::progress::per_second;
use crate::event_source::status::PollerReport;
use crate::event_source::tally::Tally;
use crate::local::scheduled_runs::MaintainTotals;
use crate::numbers::thousands;

/// The result of a run. Counts are the processor's unless they name another function.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Records that were acknowledged.
    pub records: u64,
    /// Records that were discarded, and kept in the quarantine bucket.
    pub discarded: u64,
    /// Deliveries, again, of records that were acknowledged before. No other count has them.
    pub redelivered: u64,
    /// Seconds from the hand-over of the first record to the acknowledgement of the last.
    pub seconds: f64,
    /// Acknowledged records in each of them.
    pub records_per_second: f64,
    /// Invocations of the processor, the failed ones among them.
    pub batches: u64,
    /// Unchanged batches that were retried.
    pub retries: u64,
    /// Batches that were bisected.
    pub splits: u64,
    /// Invocations that ended in a function error.
    pub function_errors: u64,
    /// The processor's own counts of the acknowledged batches.
    #[serde(flatten)]
    pub tally: Tally,
    /// The archiver's counts.
    pub archive: Archive,
    /// The counts of the runs of `maintain`.
    pub maintain: MaintainTotals,
    /// Rotations of the logins.
    pub rotations: Rotated,
    /// Invocations that ended in a function error, of each function.
    pub errors_by_function: BTreeMap<String, u64>,
    /// Values that were given in the place of the stack's, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, usize>,
    /// Product views that were exported, if any were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exported: Option<u64>,
}

/// The archiver's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Archive {
    /// Records that were acknowledged.
    pub records: u64,
    /// New objects in the bucket, where they can be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    /// Records that were discarded, and kept in the quarantine bucket.
    pub discarded: u64,
}

/// Rotations of the logins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// Rotations that came to their end.
    pub finished: u64,
    /// Rotations of which a step failed.
    pub failed: u64,
}

impl Summary {
    /// Makes a summary of what the processor did.
    pub fn of(processed: &PollerReport) -> Self {
        let PollerReport { statistics: counted, elapsed, tally } = processed;
        Self {
            records: counted.delivered,
            discarded: counted.discarded,
            redelivered: counted.redelivered,
            seconds: elapsed.as_secs_f64(),
            records_per_second: per_second(counted.delivered, *elapsed),
            batches: counted.invocations,
            retries: counted.retries,
            splits: counted.bisections,
            tally: tally.clone(),
            ..Self::default()
        }
    }

    /// Returns the summary as text for people.
    pub fn table(&self) -> String {
        let mut table = Table(String::new());
        table.row("records", &thousands(self.records), "");
        if self.discarded > 0 {
            table.row("  discarded", &thousands(self.discarded), "(kept in the quarantine bucket)");
        }
        if self.redelivered > 0 {
            table.row("  delivered again", &thousands(self.redelivered), "");
        }
        let Tally { events, outcomes, rejected, refreshed, pending, milliseconds } = &self.tally;
        table.row("events", &thousands(*events), "");
        table.row("  applied", &thousands(outcomes.applied), "");
        table.row("  stale", &thousands(outcomes.stale), "");
        table.row("  duplicate", &thousands(outcomes.duplicate), "");
        table.row("  rejected", &thousands(rejected.values().sum()), "");
        for (reason, count) in rejected {
            table.row(&format!("    {reason}"), &thousands(*count), "");
        }
        table.row("cache entries refreshed", &thousands(*refreshed), "");
        if *pending > 0 {
            table.row("  to be refreshed later", &thousands(*pending), "");
        }
        table.row("batches", &thousands(self.batches), "");
        for (name, count) in
            [("  retried", self.retries), ("  bisected", self.splits), ("  function errors", self.function_errors)]
        {
            if count > 0 {
                table.row(name, &thousands(count), "");
            }
        }
        for stage in Stage::ALL.map(Stage::name) {
            let name = format!("seconds to {stage}");
            table.row(
                &name,
                &seconds(milliseconds.get(stage).copied().unwrap_or(0.0) / 1000.0),
                "(summed over parallel batches)",
            );
        }
        table.row("seconds", &seconds(self.seconds), "");
        table.row("records a second", &format!("{:.0}", self.records_per_second), "");
        self.other_functions(&mut table);
        if let Some(exported) = self.exported {
            table.row("views exported", &thousands(exported), "");
        }
        if !self.overrides.is_empty() {
            table.row("instead of the stack's", "", "");
        }
        for (name, value) in &self.overrides {
            table.row(&format!("  {name}"), &value.to_string(), "");
        }
        table.0
    }

    fn other_functions(&self, table: &mut Table) {
        table.row("records archived", &thousands(self.archive.records), "");
        if self.archive.discarded > 0 {
            table.row("  discarded", &thousands(self.archive.discarded), "(kept in the quarantine bucket)");
        }
        if let Some(objects) = self.archive.objects {
            table.row("  new objects", &thousands(objects), "");
        }
        table.row("maintenance runs", &thousands(self.maintain.runs), "");
        for (name, count) in [
            ("  cache entries refreshed", self.maintain.drained),
            ("  ledger rows pruned", self.maintain.pruned),
            ("  low-stock crossings told", self.maintain.crossings),
            ("logins rotated", self.rotations.finished),
            ("rotations that failed", self.rotations.failed),
        ] {
            if count > 0 {
                table.row(name, &thousands(count), "");
            }
        }
        for (function, count) in &self.errors_by_function {
            // The processor's stand with its batches.
            if *count > 0 && function != Role::Processor.handler() {
                table.row(&format!("errors of {function}"), &thousands(*count), "");
            }
        }
    }
}

struct Table(String);

impl Table {
    fn row(&mut self, name: &str, value: &str, note: &str) {
        let row = format!("{name:<26}{value:>12}  {note}");
        writeln!(self.0, "{}", row.trim_end()).ok();
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_what_programs_read() {
        let json = serde_json::to_value(Summary::default()).expect("JSON");
        for name in [
            "records",
            "events",
            "records_per_second",
            "seconds",
            "batches",
            "outcomes",
            "rejected",
            "refreshed",
            "pending",
            "milliseconds",
            "discarded",
            "function_errors",
            "archive",
            "maintain",
            "rotations",
            "errors_by_function",
        ] {
            assert!(json.get(name).is_some(), "{name} in {json}");
        }
        assert_eq!(json["outcomes"], serde_json::json!({"applied": 0, "stale": 0, "duplicate": 0}));
        assert_eq!(json["archive"], serde_json::json!({"records": 0, "discarded": 0}));
        assert_eq!(json["maintain"], serde_json::json!({"runs": 0, "drained": 0, "pruned": 0, "crossings": 0}));
        assert_eq!(json["rotations"], serde_json::json!({"finished": 0, "failed": 0}));
        assert_eq!((json.get("exported"), json.get("overrides")), (None, None));
    }

    #[test]
    fn the_table_names_every_reason() {
        let mut summary = Summary { records: 2207, ..Summary::default() };
        summary.tally.rejected.insert("invalid_json".to_owned(), 3);
        let table = summary.table();
        assert!(table.starts_with("records                          2 207\n"), "{table}");
        assert!(table.contains("    invalid_json                     3\n"), "{table}");
    }

    #[test]
    fn overrides_are_named() {
        let overrides = std::collections::BTreeMap::from([("parallelization".to_owned(), 4)]);
        let summary = Summary { overrides, ..Summary::default() };
        assert_eq!(
            serde_json::to_value(&summary).expect("JSON")["overrides"],
            serde_json::json!({"parallelization": 4})
        );
        let table = summary.table();
        assert!(table.ends_with("instead of the stack's\n  parallelization                    4\n"), "{table}");
    }

    #[test]
    fn the_table_names_the_functions_that_failed() {
        let errors = [("processor", 1), ("archiver", 0), ("catalog", 2)];
        let errors_by_function = errors.map(|(name, count)| (name.to_owned(), count)).into();
        let table = Summary { function_errors: 1, errors_by_function, ..Summary::default() }.table();
        let rows: Vec<_> = table.lines().filter(|row| row.contains("errors")).collect();
        assert_eq!(rows, ["  function errors                    1", "errors of catalog                    2"]);
    }
}
