//! A line of a records file: one record as the stream delivers it.

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::time;

/// One record of the stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) shard: String,
    pub(crate) sequence_number: String,
    pub(crate) partition_key: String,
    /// Microseconds since the epoch.
    pub(crate) arrived_at: i64,
    pub(crate) data: Vec<u8>,
}

impl Record {
    /// Parses `{"shard", "sequence_number", "partition_key", "arrived_at", "data" | "data_base64"}`.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let line: Value = serde_json::from_str(line).context("the line is not JSON")?;
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let required = |name: &str| text(name).with_context(|| format!("the line has no {name}"));
        let data = match (text("data"), text("data_base64")) {
            (Some(data), None) => data.as_bytes().to_vec(),
            (None, Some(data)) => STANDARD.decode(data).context("data_base64 is not base64")?,
            _ => bail!("the line needs one of data and data_base64"),
        };
        Ok(Self {
            shard: required("shard")?.to_owned(),
            sequence_number: required("sequence_number")?.to_owned(),
            partition_key: required("partition_key")?.to_owned(),
            arrived_at: time::parse(required("arrived_at")?).context("arrived_at is not RFC 3339")?,
            data,
        })
    }
}
