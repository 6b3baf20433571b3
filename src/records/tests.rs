use std::fmt::Write as _;
use std::io::Write as _;

use super::line::parse;
use super::record::DATA_LIMIT;
use super::*;

mod files;

const GOOD: &str = r#"{"shard":"shardId-000000000000","sequence_number":"4960","partition_key":"acme/1","arrived_at":"2010-12-01T08:26:00.080798Z","data":"{}"}"#;

fn replaced(field: &str, with: &str) -> String {
    let mut line: serde_json::Map<String, serde_json::Value> = serde_json::from_str(GOOD).expect("an object");
    line.insert(field.to_owned(), serde_json::from_str(with).expect("a value"));
    serde_json::to_string(&line).expect("JSON")
}

fn error(line: &str) -> LineError {
    parse(line.as_bytes(), 1).expect_err(line)
}

#[test]
fn a_record_is_read() {
    let record = parse(GOOD.as_bytes(), 1).expect("a record");
    assert_eq!(record.shard, "shardId-000000000000");
    assert_eq!(record.sequence_number, "4960");
    assert_eq!(record.partition_key, "acme/1");
    assert_eq!(record.arrived_at.timestamp_micros(), 1_291_191_960_080_798);
    assert_eq!(record.data, b"{}");
}

/// A record's texts may stand in the line as they are, or escaped.
#[test]
fn escapes_are_resolved() {
    let escaped = |text: &str| {
        let mut escapes = String::new();
        for character in text.chars() {
            write!(escapes, "\\u{:04x}", u32::from(character)).expect("writing to memory never fails");
        }
        escapes
    };
    let mut record = parse(GOOD.as_bytes(), 1).expect("a record");
    for text in ["shardId-000000000000", "4960", "acme/1", "2010-12-01T08:26:00.080798Z", "{}", "shard", "data"] {
        let line = GOOD.replace(&format!("\"{text}\""), &format!("\"{}\"", escaped(text)));
        assert_ne!(line, GOOD);
        assert_eq!(parse(line.as_bytes(), 1).expect(&line), record, "{line}");
    }
    record.data = b"\"\\\n\xc3\xa9".to_vec();
    let line = GOOD.replace("{}", r#"\"\\\né"#);
    assert_eq!(parse(line.as_bytes(), 1).expect("a record"), record);
}

#[test]
fn bytes_that_are_not_utf_8_come_as_base64() {
    let line = GOOD.replace(r#""data":"{}""#, r#""data_base64":"//4A""#);
    assert_eq!(parse(line.as_bytes(), 1).expect("a record").data, [0xff, 0xfe, 0]);
}

#[test]
fn every_field_is_checked_and_named() {
    let long = format!("\"{}\"", "k".repeat(257));
    let big = format!("\"{}\"", "x".repeat(DATA_LIMIT + 1));
    for (field, bad) in [
        ("shard", "7"),
        ("shard", "\"\""),
        ("shard", "\"../../etc\""),
        ("shard", "\"..\""),
        ("shard", "null"),
        ("sequence_number", "17"),
        ("sequence_number", "\"1e3\""),
        ("sequence_number", "\"\""),
        ("partition_key", "\"\""),
        ("partition_key", &long),
        ("arrived_at", "\"yesterday\""),
        ("arrived_at", "1291191960"),
        ("data", "{}"),
        ("data", &big),
        ("data", "null"),
    ] {
        assert_eq!(
            error(&replaced(field, bad)).field,
            Some(field),
            "{field} = {}",
            &bad.chars().take(40).collect::<String>()
        );
    }
    assert_eq!(error(&GOOD.replace(r#""data":"{}""#, r#""data_base64":"*""#)).field, Some("data_base64"));
}

#[test]
fn a_line_that_is_not_a_record_is_an_error_of_the_whole_line() {
    for bad in [
        "",
        "   ",
        "[]",
        "nonsense",
        r#"{"shard":"a","shard":"b"}"#,
        r#"["shardId-000000000000","4960","acme/1","2010-12-01T08:26:00.080798Z","{}"]"#,
        &replaced("surplus", "1"),
        &format!("{GOOD}{GOOD}"),
    ] {
        assert_eq!(error(bad).field, None, "{bad}");
    }
}

/// A message may hold a name out of the file.
#[test]
fn an_error_is_one_line_that_no_terminal_obeys() {
    let error = error(&format!(r#"{{"\u001b[31m\n{}":1}}"#, "x".repeat(1000))).to_string();
    assert!(error.starts_with(r"is not a record: unknown field `\u{1b}[31m\nxxx"), "{error}");
    assert!(error.contains("xxx… at column") && error.len() < 300, "{error}");
}

#[test]
fn data_comes_once() {
    assert_eq!(
        error(&replaced("data_base64", "\"e30=\"")).to_string(),
        "`data` and `data_base64` are both present: only one of them is allowed"
    );
}

#[test]
fn the_longest_key_counts_in_characters() {
    assert!(parse(replaced("partition_key", &format!("\"{}\"", "é".repeat(256))).as_bytes(), 1).is_ok());
}

fn read(content: &[u8]) -> Vec<Result<Record, ReadError>> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(content).expect("written");
    match RecordSource::open(Some(file.path())) {
        Ok(source) => source.records().collect(),
        Err(error) => vec![Err(error)],
    }
}

#[test]
fn a_bad_line_is_named_and_ends_the_file() {
    let read = read(format!("{GOOD}\n{GOOD}\noops\n{GOOD}\n").as_bytes());
    assert_eq!(read.len(), 3);
    let Some(Err(ReadError::Line { line: 3, .. })) = read.last() else { panic!("{:?}", read.last()) };
}

#[test]
fn the_last_line_needs_no_end() {
    assert_eq!(read(GOOD.as_bytes()).len(), 1);
    assert_eq!(read(b"").len(), 0);
}

#[test]
fn gzip_is_recognized_by_its_first_bytes() {
    let mut gzip = Vec::new();
    for part in [format!("{GOOD}\n"), format!("{GOOD}\n")] {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part.as_bytes()).expect("compressed");
        gzip.extend(encoder.finish().expect("compressed"));
    }
    assert_eq!(read(&gzip).into_iter().flatten().count(), 2, "both members of the file");
    gzip.truncate(gzip.len() - 12);
    assert!(matches!(read(&gzip).last(), Some(Err(ReadError::Read { .. }))), "a cut file is an error, not an end");
}

#[test]
fn an_endless_line_is_an_error() {
    let read = read(&vec![b'x'; 8 * 1024 * 1024]);
    assert!(matches!(&read[..], [Err(ReadError::Line { line: 1, .. })]));
}

#[test]
fn a_missing_file_and_a_folder_are_errors_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(RecordSource::open(Some(&folder.path().join("missing"))).is_err());
    assert!(RecordSource::open(Some(folder.path())).is_err());
}

#[test]
fn the_sample_is_whole() {
    let records: Vec<_> =
        RecordSource::open(None).expect("open").records().collect::<Result<_, _>>().expect("good records");
    assert!((1500..3000).contains(&records.len()), "{}", records.len());
}
