//! Events of now, as JSON Lines.

use chrono::{SecondsFormat, TimeDelta, Utc};

/// The time of this many minutes ago.
pub(crate) fn minutes_ago(minutes: i64) -> String {
    (Utc::now() - TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A count of this SKU.
pub(crate) fn count(sku: &str) -> String {
    count_at(sku, &minutes_ago(1))
}

pub(crate) fn count_at(sku: &str, time: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{sku}","source":"/suppliers/acme","type":"com.retailtech.stock.counted.v1","subject":"{sku}","time":"{time}","data":{{"quantity":5}}}}"#
    )
}

/// Counts of so many SKUs, one a line.
pub(crate) fn counts(number: usize) -> String {
    (0..number).map(|index| count(&format!("S{index:06}")) + "\n").collect()
}
