//! The result of a run, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use indicatif::HumanCount;
use serde::Serialize;

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The stream; null if nothing was to be sent.
    pub stream: Option<String>,
    pub files: u64,
    /// Lines and rows that an earlier run has done, by the checkpoint.
    pub skipped: u64,
    /// Lines and rows that were read.
    pub lines: u64,
    /// Events that are good.
    pub events: u64,
    /// Events that are on the stream.
    pub sent: u64,
    pub refused: u64,
    /// The refused ones by reason.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Records on the stream.
    pub records: u64,
    /// Bytes of their data.
    pub bytes: u64,
    /// Requests that were answered.
    pub requests: u64,
    /// Records that were sent again because the stream took no more at that moment.
    pub throttled: u64,
    /// Records that were sent again for another reason.
    pub failed: u64,
    pub seconds: f64,
}

impl Summary {
    /// Writes it as text.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut row = |name: &str, count: u64| {
            writeln!(text, "{name:<26}{:>12}", thousands(count)).ok();
        };
        if self.skipped > 0 {
            row("lines sent before", self.skipped);
        }
        row("lines", self.lines);
        row(if self.stream.is_some() { "events" } else { "events that are good" }, self.events);
        if self.stream.is_some() {
            row("  sent", self.sent);
        }
        row("refused", self.refused);
        for (reason, count) in &self.reasons {
            row(&format!("  {reason}"), *count);
        }
        if self.stream.is_some() {
            row("records on the stream", self.records);
            row("requests", self.requests);
            for (name, count) in [("  records throttled", self.throttled), ("  records failed", self.failed)] {
                if count > 0 {
                    row(name, count);
                }
            }
        }
        writeln!(text, "{:<26}{:>12}", "seconds", format!("{:.2}", self.seconds)).ok();
        text
    }
}

/// Formats a number with a blank after each thousand.
fn thousands(number: u64) -> String {
    HumanCount(number).to_string().replace(',', " ")
}
