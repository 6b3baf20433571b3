//! All hops of a probe, as text and as JSON.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::hop::HopReport;
use crate::aws::Account;

/// The result of a probe.
#[derive(Debug)]
pub struct ProbeReport {
    stream: String,
    sku: String,
    hops: Vec<HopReport>,
}

impl ProbeReport {
    pub(super) fn new(account: &Account, sku: &str, hops: Vec<HopReport>) -> Self {
        Self { stream: account.stream(), sku: sku.to_owned(), hops }
    }

    /// Returns true if every hop was passed.
    pub fn passed(&self) -> bool {
        self.hops.iter().all(HopReport::passed)
    }

    /// Returns the SKU of the product, if it is on the stream.
    pub fn sent_sku(&self) -> Option<&str> {
        self.hops.first().is_some_and(HopReport::passed).then_some(&*self.sku)
    }
}

impl Serialize for ProbeReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hops: Vec<Value> = self.hops.iter().map(hop).collect();
        json!({ "stream": self.stream, "sku": self.sku, "passed": self.passed(), "hops": hops }).serialize(serializer)
    }
}

fn hop(report: &HopReport) -> Value {
    json!({
        "hop": report.hop.name(),
        "outcome": report.outcome.name(),
        "seconds": report.time().map(|time| time.as_secs_f64()),
        "detail": report.detail(),
        "remedy": report.remedy(),
    })
}

/// Returns a hop as a line of the table, and its remedy below it.
pub fn row(report: &HopReport) -> String {
    let time = report.time().map(seconds).unwrap_or_default();
    let row = format!("{:<11} {:<8} {time:>9}  {}", report.hop.name(), report.outcome.name(), report.detail());
    match report.remedy() {
        Some(remedy) => format!("{row}\n  {remedy}"),
        None => row,
    }
}

fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hop::{Hop, Outcome};

    #[test]
    fn rows_line_up_and_end_with_the_remedy() {
        let passed = Outcome::Passed { after: Duration::from_millis(812), detail: "3 available".to_owned() };
        assert_eq!(row(&HopReport::new(Hop::Catalog, passed)), "catalog     passed      812 ms  3 available");
        let missing = Outcome::Missing { waited: Duration::from_mins(7), seen: "no object".to_owned() };
        let row = row(&HopReport::new(Hop::Archive, missing));
        assert!(row.starts_with("archive     missing    420.0 s  no object\n  the archiver"), "{row}");
    }
}
