//! Bytes and milliseconds of an update and of an invocation. Each number says where it comes from; the sample is the
//! file of real retail data in `tests/data`.

use pipegen_contract::payload::LARGEST_PAYLOAD;
use pipegen_contract::role::Role;

/// Bytes of a record on the stream. The sample's records have 423 on average.
pub(super) const RECORD_BYTES: f64 = 450.0;

/// Bytes of a record in an invocation's payload, in base64 and with its JSON fields. The sample's records have 1160 on
/// average.
pub(crate) const PAYLOAD_BYTES: u32 = 1200;

/// Bytes of the largest payload of an invocation, at which Lambda ends a batch.
#[expect(clippy::cast_possible_truncation, reason = "it is six megabytes")]
pub(crate) const LARGEST_PAYLOAD_BYTES: u32 = LARGEST_PAYLOAD as u32;

/// Bytes of a record in the archive, compressed. The sample's records have 51 on average, half a year of the same
/// shop's 46 to 52. Half a byte of it says that the field for binary data is null.
pub(crate) const ARCHIVED_BYTES: u32 = 52;

/// The bytes that a smaller object in Glacier Instant Retrieval is billed as.
pub(crate) const LEAST_COLD_BYTES: u32 = 128 << 10;

/// Bytes of an update in the ledger, with its index. Measured on PostgreSQL 15 with a million adjustments of the
/// sample's products, in no order: 174.
pub(super) const LEDGER_BYTES: f64 = 175.0;

/// Bytes of an update in the database's write-ahead log, from which it can be restored to any second. Measured in batches
/// of 17, with a ledger of a million rows, after a checkpoint and with `wal_compression`: 1990 (3430 without), of which all
/// but 470 are images of pages, most of them of the ledger's index, in which each update has a page of its own.
pub(super) const LOGGED_CHANGE_BYTES: f64 = 2000.0;

/// Bytes of an update's network traffic between the processor and its servers, in both directions. Measured in batches
/// of 17: PostgreSQL 430, Redis 290, without TLS, which adds some 30 bytes to each message of kilobytes.
pub(super) const NETWORK_BYTES: f64 = 750.0;

/// The bytes that `CloudWatch` adds to each log line.
pub(super) const LOG_LINE_OVERHEAD_BYTES: f64 = 26.0;

/// The share of a log's size after compression by `CloudWatch`, as in AWS' own calculator.
pub(super) const LOG_COMPRESSION: f64 = 0.15;

/// Bytes of an entry of a flow log, in the default format.
pub(super) const FLOW_LINE_BYTES: f64 = 150.0;

/// Entries of a network interface in a flow log's interval: a few connections, in both directions.
pub(super) const FLOW_LINES: f64 = 10.0;

/// The same if only rejected traffic is logged: next to none, because all traffic that is meant to be is allowed.
pub(super) const REJECTED_FLOW_LINES: f64 = 1.0;

/// Duration and logs of an invocation.
#[derive(Clone, Copy)]
pub(super) struct MeasuredInvocation {
    /// Milliseconds of the invocation itself, without its records.
    pub(super) milliseconds: f64,
    /// Milliseconds of each of its records.
    pub(super) milliseconds_a_record: f64,
    /// Bytes of the log lines of an invocation, as in `lambda/src`, with their metrics.
    pub(super) log_bytes: f64,
}

/// The processor's invocations. Measured for a batch of 17: 5 ms, 1.5 ms of it on the processor.
///
/// The durations of all functions are five to ten times those measured on a whole processor core with the servers
/// beside it, because a function of 256 MB has a seventh of a core and its servers are a network away.
const PROCESSOR: MeasuredInvocation =
    MeasuredInvocation { milliseconds: 40.0, milliseconds_a_record: 0.5, log_bytes: 800.0 };

/// The requests to `ingest`. Measured for a hundred events: 2 ms, 9 ms on a busy machine; a line of 215 bytes.
const INGEST: MeasuredInvocation =
    MeasuredInvocation { milliseconds: 20.0, milliseconds_a_record: 0.3, log_bytes: 220.0 };

/// The archiver's invocations.
const ARCHIVER: MeasuredInvocation =
    MeasuredInvocation { milliseconds: 200.0, milliseconds_a_record: 0.3, log_bytes: 400.0 };

/// The invocations of `maintain`, which gets no records.
const MAINTAIN: MeasuredInvocation =
    MeasuredInvocation { milliseconds: 300.0, milliseconds_a_record: 0.0, log_bytes: 400.0 };

/// The invocations of `rotate`, one for each step of a rotation.
const ROTATE: MeasuredInvocation =
    MeasuredInvocation { milliseconds: 1000.0, milliseconds_a_record: 0.0, log_bytes: 300.0 };

/// Returns the measured invocation of a role; `None` for roles whose invocations depend on readers, or that run only
/// when Terraform does.
pub(super) fn measured_invocation(role: Role) -> Option<MeasuredInvocation> {
    match role {
        Role::Processor => Some(PROCESSOR),
        Role::Archiver => Some(ARCHIVER),
        Role::Maintain => Some(MAINTAIN),
        Role::Rotate => Some(ROTATE),
        Role::Ingest => Some(INGEST),
        Role::Catalog | Role::Migrate => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use flate2::Compression;
    use flate2::read::GzDecoder;
    use flate2::write::GzEncoder;
    use serde_json::{Value, json};

    use super::*;

    /// The sample's records, as `pipegen local` reads them.
    fn sample() -> Vec<Value> {
        let mut text = String::new();
        GzDecoder::new(&include_bytes!("../../tests/data/sample.jsonl.gz")[..]).read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn bytes(record: &Value) -> Vec<u8> {
        let in_base64 = record["data_base64"].as_str().map(|text| BASE64_STANDARD.decode(text).unwrap());
        in_base64.unwrap_or_else(|| record["data"].as_str().unwrap().as_bytes().to_vec())
    }

    /// Asserts that the bytes of a record are at least what was measured, and not a third more.
    #[track_caller]
    fn assert_close(constant: f64, measured: usize, records: usize) {
        let measured = f64::from(u32::try_from(measured).unwrap()) / f64::from(u32::try_from(records).unwrap());
        assert!((measured..measured * 1.33).contains(&constant), "{measured} bytes a record, not {constant}");
    }

    #[test]
    fn records_have_the_samples_bytes() {
        let sample = sample();
        assert_close(RECORD_BYTES, sample.iter().map(|record| bytes(record).len()).sum(), sample.len());

        let handed_over = sample.iter().map(|record| {
            let record = json!({
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record["partition_key"],
                    "sequenceNumber": record["sequence_number"],
                    "data": BASE64_STANDARD.encode(bytes(record)),
                    "approximateArrivalTimestamp": 1_545_084_650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": format!("shardId-000000000000:{}", record["sequence_number"]),
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::111122223333:role/role-processor-staging",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:111122223333:stream/kinesis-inventory-staging",
            });
            record.to_string().len()
        });
        assert_close(f64::from(PAYLOAD_BYTES), handed_over.sum(), sample.len());
    }

    #[test]
    fn archived_records_have_the_samples_bytes() {
        let sample = sample();
        let mut object = GzEncoder::new(Vec::new(), Compression::default());
        for record in &sample {
            let [shard, sequence_number, arrived_at, partition_key] =
                ["shard", "sequence_number", "arrived_at", "partition_key"].map(|field| &record[field]);
            let event = String::from_utf8_lossy(&bytes(record)).into_owned();
            let line = json!({
                "shard": shard, "sequence_number": sequence_number, "arrived_at": arrived_at, "partition_key": partition_key,
                "event": event, "event_base64": null,
            });
            writeln!(object, "{line}").unwrap();
        }
        assert_close(f64::from(ARCHIVED_BYTES), object.finish().unwrap().len(), sample.len());
    }
}
