//! The inputs that are kept: seeds, which are written by hand, and what fuzzers have found to cover more. A line for
//! each, as JSON text, or in base64 if it is not UTF-8.

use std::fs;
use std::path::Path;

use base64_simd::STANDARD;
use serde::{Deserialize, Serialize};

/// A line of a file.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Text(std::borrow::Cow<'a, str>),
    Bytes { base64: String },
}

/// Reads the inputs of a check.
pub(crate) fn read(check: &str) -> Vec<Vec<u8>> {
    ["seeds", "found"].into_iter().flat_map(|kind| file(&format!("tests/fuzz/corpus/{kind}/{check}.jsonl"))).collect()
}

fn file(path: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    let inputs: Vec<_> = text.unwrap_or_else(|error| panic!("{path}: {error}")).lines().map(input).collect();
    assert!(!inputs.is_empty(), "{path} has no input");
    inputs
}

fn input(line: &str) -> Vec<u8> {
    match serde_json::from_str(line).expect("a line of the corpus") {
        Line::Text(text) => text.into_owned().into_bytes(),
        Line::Bytes { base64 } => STANDARD.decode_to_vec(base64).expect("base64"),
    }
}

/// Returns the line of an input.
pub(crate) fn line(input: &[u8]) -> String {
    let line = match str::from_utf8(input) {
        Ok(text) => Line::Text(text.into()),
        Err(_) => Line::Bytes { base64: STANDARD.encode_to_string(input) },
    };
    serde_json::to_string(&line).expect("text is JSON")
}
