//! Records of suppliers' libraries (`tests/data/cases`), each with the outcome of its events.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pipegen_event::{Change, decode};
use serde_json::Value;

use crate::sample::HORIZON;

/// Checks the outcome of every event in a file: its content, or reason and detail.
#[track_caller]
fn assert_becomes(file: &str, expected: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/data/cases/{file}.jsonl"));
    let text = fs::read_to_string(path).expect("the file");
    let outcomes: Vec<String> = text.lines().flat_map(outcomes).collect();
    assert_eq!(outcomes, expected);
}

fn outcomes(line: &str) -> Vec<String> {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    let arrived_at = line["arrived_at"].as_str().expect("text").parse().expect("a time");
    let data = match (line["data"].as_str(), line["data_base64"].as_str()) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(base64)) => BASE64_STANDARD.decode(base64).expect("base64"),
        _ => panic!("data or data_base64"),
    };
    let decoded = decode(&data, arrived_at, HORIZON).into_iter();
    let shown = decoded.map(|event| match event.outcome {
        Ok(good) => format!("{} {} {}", event.index, good.sku.as_str(), shown(&good.change)),
        Err(rejection) => format!("{} {rejection}", event.index),
    });
    shown.collect()
}

fn shown(change: &Change) -> String {
    match change {
        Change::Counted { quantity } => format!("= {quantity}"),
        Change::Adjusted { delta } => format!("{delta:+}"),
        Change::PriceChanged { amount, currency } => format!("{amount} {currency}"),
        Change::Described(description) => format!("{:?} {:?}", description.title, description.description),
    }
}

#[test]
fn aggregates() {
    assert_becomes(
        "kpl-aggregated",
        &[
            "0 S1 = 5",
            "1 S2 = 7",
            "2 S1 -2",
            "0 S2 +1",
            "1 S2 +1",
            "2 invalid_json: the text must be JSON; the error is at line 1 column 2",
            "0 invalid_json: the record is an aggregate of the Kinesis Producer Library whose checksum does not fit",
        ],
    );
}

#[test]
fn aggregates_of_a_library() {
    let detail = "invalid_data: data.delta: must be an integer from -1000000000 to 1000000000 other than 0";
    let (bad, other) = (format!("3 {detail}"), format!("5 {detail}"));
    let nested = "0 invalid_json: the text must be UTF-8; the error is at byte 1; looks like an aggregate within an aggregate, which is \
        not unpacked: aggregate once";
    let first = ["0 K1 = 5", "0 K1 -1", "1 K2 = 7", "2 K1 -1", "3 K2 +2"];
    let arrays = ["0 K3 = 1", "1 K3 +1", "2 K3 +1", &bad, "4 K3 +1", &other];
    let many: Vec<String> = (0..40).map(|index| format!("{index} K4 +1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_becomes("kpl-library", &[&first[..], &arrays, &many, &[nested, "1 K5 = 2"]].concat());
}

#[test]
fn data_in_base64() {
    assert_becomes(
        "data-base64",
        &[
            "0 S1 = 5",
            "0 S1 -1",
            "0 invalid_data: data and data_base64: only one of them may be there",
            "0 invalid_data: data_base64: must be base64 (RFC 4648, section 4): + and / in its alphabet, padded, without line breaks",
        ],
    );
}

#[test]
fn null() {
    assert_becomes(
        "null-is-left-out",
        &[
            "0 S1 -1",
            "0 S1 \"T\" None",
            "0 invalid_data: data.quantity: must be an integer from -1000000000 to 1000000000",
            "0 invalid_data: data.title: must be a string",
        ],
    );
}

#[test]
fn envelopes() {
    assert_becomes(
        "named-envelopes",
        &[
            "0 invalid_json: the text must be UTF-8; the error is at byte 2; looks like gzip: send the text itself, not compressed",
            "0 invalid_json: the text must be JSON; the error is at line 1 column 1; looks like UTF-8 with a byte order mark: send the text \
         without the mark",
            "0 invalid_json: the text must be JSON; the error is at line 2 column 1; looks like several JSON texts: send an array, or a \
         record for each",
            "0 invalid_json: the text must be UTF-8; the error is at byte 1; looks like UTF-16: send UTF-8 without a byte order mark",
            "0 invalid_event: specversion: is missing; looks like Debezium's envelope: make an event of the row and send that",
            "0 invalid_event: specversion: is missing; looks like the envelope of the Database Migration Service: make an event of \
         the row and send that",
            "0 invalid_data: data: must be an object; looks like the text of a JSON value within a string: send the value itself",
        ],
    );
}

#[test]
fn numbers() {
    assert_becomes("integer-forms", &["0 Q1 = 5", "0 Q2 = 1000"]);
    assert_becomes("negative-count", &["0 C1 = 5", "0 C1 = -2"]);
    assert_becomes(
        "price-decimals",
        &["0 P1 12.34 EUR", "0 invalid_data: data.amount: must have at most 4 decimals, as no more are kept"],
    );
}

#[test]
fn names() {
    assert_becomes(
        "sku-invisible",
        &[
            "0 AB1 = 5",
            "0 invalid_event: subject: must not begin or end with the invisible character U+FEFF",
            "0 invalid_event: subject: must not begin or end with the invisible character U+200B",
        ],
    );
    assert_becomes("attribute-unnamed", &["0 invalid_data: data.attributes: \"weight\" must be a string"]);
}

#[test]
fn one_second() {
    assert_becomes("same-second", &["0 S1 = 10", "0 S1 -3"]);
}
