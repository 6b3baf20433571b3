#!/usr/bin/env bash
# aws_lambda_events 1.2.1 (crates.io), with serde_json 1.0.154 and Rust 1.95.
#
# Lambda hands over a Kinesis record's `approximateArrivalTimestamp` as seconds with a fraction, a JSON number: half past a second is
# `1480641523.5`, because a number has no trailing zeros. The crate takes the digits behind the point for a count of milliseconds, so
# .5 becomes 5 ms, and so do .05 and .005; three digits alone are read right. With six digits the count wraps around 32 bits, so that
# .477123 becomes .381630144, and .9999 is refused as "invalid timestamp". A DynamoDB stream record goes another way and reads .5
# as half a millisecond.
#
# One would guess that `1480641523.5` is half a second past `1480641523`, from both.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir src
cat >Cargo.toml <<'END'
[package]
name = "seen"
version = "0.0.0"
edition = "2024"

[dependencies]
aws_lambda_events = { version = "=1.2.1", default-features = false, features = ["dynamodb", "kinesis"] }
serde_json = "=1.0.154"
END
cat >src/main.rs <<'END'
use aws_lambda_events::{dynamodb, kinesis};

fn main() {
    for fraction in ["477", "5", "05", "005", "477123", "9999"] {
        let record = format!(
            r#"{{"kinesisSchemaVersion": "1.0", "partitionKey": "a", "sequenceNumber": "1", "data": "",
                "approximateArrivalTimestamp": 1480641523.{fraction}}}"#
        );
        match serde_json::from_str::<kinesis::KinesisRecord>(&record) {
            Ok(record) => println!("kinesis .{fraction} -> {} ns", record.approximate_arrival_timestamp.timestamp_subsec_nanos()),
            Err(error) => println!("kinesis .{fraction} -> {}", error.to_string().split(" at line").next().unwrap()),
        }
    }
    let record = r#"{"ApproximateCreationDateTime": 1480641523.5, "Keys": {}, "NewImage": {}, "OldImage": {}, "SizeBytes": 1}"#;
    let record: dynamodb::StreamRecord = serde_json::from_str(record).unwrap();
    println!("dynamodb .5 -> {} ns", record.approximate_creation_date_time.timestamp_subsec_nanos());
}
END
cargo run --quiet >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
kinesis .477 -> 477000000 ns
kinesis .5 -> 5000000 ns
kinesis .05 -> 5000000 ns
kinesis .005 -> 5000000 ns
kinesis .477123 -> 381630144 ns
kinesis .9999 -> invalid timestamp
dynamodb .5 -> 500000 ns
END
echo "as it was: aws_lambda_events 1.2.1 takes the digits of a fraction for a number of milliseconds"
