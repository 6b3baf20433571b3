//! Files as users have them.

use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const EVENT: &str = r#"{"specversion":"1.0","id":"e1","source":"/suppliers/acme","type":"com.retailtech.stock.counted.v1","subject":"A1","time":"2026-11-23T05:00:00Z","data":{"quantity":5}}"#;

/// A file of the cases that ship.
fn case(name: &str) -> Vec<Result<Record, ReadError>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(name);
    read(&std::fs::read(path).expect(name))
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("compressed");
    encoder.finish().expect("compressed")
}

fn utf_16(content: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    content.encode_utf16().flat_map(bytes).collect()
}

#[track_caller]
fn played(read: Vec<Result<Record, ReadError>>) -> Vec<Record> {
    read.into_iter().collect::<Result<_, _>>().expect("good records")
}

/// Asserts that nothing is read, and that the first line's error has these words.
#[track_caller]
fn refused(read: &[Result<Record, ReadError>], words: &[&str]) {
    let [Err(ReadError::Line { line: 1, source, .. })] = read else { panic!("{read:?}") };
    for word in words.iter().chain(&["a records file holds one JSON object a line"]) {
        assert!(source.to_string().contains(word), "`{word}` is missing in\n{source}");
    }
}

#[test]
fn blank_lines_padding_and_byte_order_marks_are_skipped() {
    for name in ["rf_blank_end.jsonl", "rf_gzpad.gz", "rf_bom.jsonl"] {
        let [record] = &played(case(name))[..] else { panic!("{name}") };
        assert_eq!(
            (record.partition_key.as_str(), record.arrived_at.timestamp()),
            ("acme/A1", 1_795_410_001),
            "{name}"
        );
    }
    let padded = |content: &[u8]| [gzip(content), vec![0; 1024]].concat();
    let line = format!("{GOOD}\n");
    for (content, records) in [
        (format!("{GOOD}\r\n{GOOD}\r\n").into_bytes(), 2),
        (format!("\n \n{GOOD}\n\t\r\n{GOOD}\n\n\n").into_bytes(), 2),
        (format!("\u{feff}{GOOD}\n\u{feff}{GOOD}\n\u{feff}").into_bytes(), 2),
        ([gzip(line.as_bytes()), gzip(line.as_bytes())].concat(), 2),
        ([padded(line.as_bytes()), padded(line.as_bytes())].concat(), 2),
        ([gzip(format!("\u{feff}{line}").as_bytes()), gzip(b""), gzip(b"\n")].concat(), 1),
        (padded(b""), 0),
        (b"".to_vec(), 0),
        (b"\n\n".to_vec(), 0),
    ] {
        assert_eq!(played(read(&content)).len(), records, "{:?}", String::from_utf8_lossy(&content));
    }
}

#[test]
fn what_follows_compressed_data_is_an_error_unless_it_is_zeros() {
    let line = format!("{GOOD}\n");
    for tail in [&b"more"[..], b"\0\0more", b"{}", b"\x1f", b"\x1f\x8b"] {
        let read = read(&[&gzip(line.as_bytes()), tail].concat());
        assert!(matches!(&read[..], [Ok(_), Err(ReadError::Read { .. })]), "{tail:?}: {read:?}");
    }
}

#[test]
fn the_archives_lines_are_records() {
    let records = played(case("archive-object.jsonl.gz"));
    assert_eq!(records.len(), 110);
    let first = records.first().expect("one");
    assert_eq!(first.sequence_number, "49600000000000000000000000000000000000000000000000000001");
    assert_eq!(first.partition_key, "acme/sdk_data_base64");
    assert!(first.data.starts_with(br#"{"specversion": "1.0", "id": "b1""#));
    assert!(records.iter().any(|record| str::from_utf8(&record.data).is_err()), "none of the records has other bytes");

    let whole = played(case("archive-object-whole.jsonl.gz"));
    let keys: Vec<_> = whole.iter().map(|record| (&*record.sequence_number, &*record.partition_key)).collect();
    assert_eq!(keys, [("1", "acme/A1"), ("2", "acme"), ("3", "globex/A1"), ("9", "acme")]);
    assert_eq!(whole[3].data, [0xff, 0xfe, 0]);

    let archived = GOOD.replace(r#""data":"{}""#, r#""event":null,"event_base64":"//4A""#);
    assert_eq!(played(read(archived.as_bytes()))[0].data, [0xff, 0xfe, 0]);
    let archived = GOOD.replace(r#""data":"{}""#, r#""event":"{}","event_base64":null"#);
    assert_eq!(played(read(archived.as_bytes())), played(read(GOOD.as_bytes())));
}

#[test]
fn one_of_the_fields_for_bytes_is_there() {
    for (fields, problem) in [
        (r#""event":null,"event_base64":null"#, "`data` is missing"),
        (r#""event":"{}","event_base64":"e30=""#, "`event` and `event_base64` are both present"),
        (r#""event":"{}","data":"{}""#, "`data` and `event` are both present"),
        (r#""event_base64":"*""#, "`event_base64` must be base64"),
        (r#""event":{}"#, "`event` is not valid"),
    ] {
        let line = GOOD.replace(r#""data":"{}""#, fields);
        let message = error(&line).to_string();
        assert!(message.starts_with(problem), "{message}");
    }
}

#[test]
fn each_rejected_event_is_a_record_of_its_own() {
    let line = |index: u32, event: &str| {
        let event = serde_json::to_string(event).expect("JSON");
        format!(
            r#"{{"reason":"invalid_data","detail":"quantity","shard":"shardId-000000000003","sequence_number":"4960","index":{index},"arrived_at":"2026-11-23T05:00:01Z","event":{event},"event_base64":null}}"#
        )
    };
    let file = format!("{}\n{}\n{}\n", line(0, EVENT), line(7, EVENT), line(8, "no JSON"));
    let records = played(read(file.as_bytes()));
    let keys: Vec<_> = records.iter().map(|record| (&*record.sequence_number, &*record.partition_key)).collect();
    assert_eq!(keys, [("4960", "acme/A1"), ("4960000007", "acme/A1"), ("4960000008", "unknown")]);
    assert!(records.iter().all(|record| record.shard == "shardId-000000000003"));
    assert_eq!(records[0].data, EVENT.as_bytes());

    let object = played(case("rejected-object.jsonl.gz"));
    let keys: Vec<_> = object.iter().map(|record| (&*record.sequence_number, &*record.partition_key)).collect();
    assert_eq!(keys, [("1", "acme/A1"), ("2000001", "acme/A3"), ("3", "globex/A1"), ("9", "unknown")]);
    assert!(object[1].data.starts_with(br#"{"specversion":"1.0","id":"e3""#) && object[3].data == [0xff, 0xfe, 0]);

    let longest = line(8, EVENT).replace("4960", &"9".repeat(128));
    assert_eq!(played(read(longest.as_bytes()))[0].sequence_number, format!("{}000008", "9".repeat(122)));
    assert_eq!(error(&line(1, EVENT).replace(r#""index":1"#, r#""index":-1"#)).field, Some("index"));
    assert_eq!(error(&line(1, EVENT).replace(r#""reason":"invalid_data","#, "")).field, Some("reason"));
}

#[test]
fn events_arrive_when_they_happen() {
    let [record] = &played(case("rf_events.jsonl"))[..] else { panic!() };
    assert_eq!((record.sequence_number.as_str(), record.partition_key.as_str()), ("1", "acme/A1"));
    assert_eq!(record.arrived_at.to_rfc3339(), "2026-11-23T05:00:00+00:00");

    let later = EVENT.replace("05:00:00Z", "07:00:00+01:00").replace("A1", "A2");
    let file = format!("{EVENT}\r\n\n[{EVENT},{later}]\n{later}\n");
    let records = played(read(file.as_bytes()));
    let seen: Vec<_> = records
        .iter()
        .map(|record| (&*record.sequence_number, &*record.partition_key, record.arrived_at.to_rfc3339()))
        .collect();
    let (first, second) = ("2026-11-23T05:00:00+00:00".to_owned(), "2026-11-23T06:00:00+00:00".to_owned());
    assert_eq!(seen, [("1", "acme/A1", first), ("3", "acme", second.clone()), ("4", "acme/A2", second)]);
    assert_eq!(records[0].data, EVENT.as_bytes(), "without its line's end");
}

#[test]
fn an_event_that_the_pipeline_rejects_is_played() {
    for (bad, key) in [
        (EVENT.replace(r#""specversion":"1.0","#, ""), "acme/A1"),
        (EVENT.replace("2026-11-23T05:00:00Z", "yesterday"), "acme/A1"),
        (EVENT.replace(r#""subject":"A1""#, r#""subject":7"#), "acme"),
        (EVENT.replace("/suppliers/acme", ""), "/A1"),
        (r#"{"specversion":7}"#.to_owned(), "unknown"),
        (EVENT.replace(r#""id":"e1""#, r#""id":"e1","id":"e2""#), "acme/A1"),
    ] {
        let records = played(read(bad.as_bytes()));
        assert_eq!((records[0].partition_key.as_str(), &records[0].data[..]), (key, bad.as_bytes()));
    }
    let large = EVENT.replace("A1", &"A".repeat(DATA_LIMIT));
    assert!(error(&large).to_string().contains("a record has at most 1048576"));
    assert_eq!(error(&EVENT.replace("}}", "}")).field, None);
}

#[test]
fn json_and_text_of_other_formats_are_recognized() {
    refused(&case("rf_array.json"), &["looks like one JSON array", "`jq -c '.[]'`"]);
    refused(&case("rf_getrecords.json"), &["looks like the output of `aws kinesis get-records`", ".PartitionKey"]);
    refused(&case("rf_pretty.json"), &["looks like JSON with objects of several lines", "`jq -c .`"]);

    let pretty = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        serde_json::to_string_pretty(&value).expect("JSON")
    };
    let event = r#"{"Records":[{"kinesis":{"partitionKey":"k","sequenceNumber":"1","data":"","approximateArrivalTimestamp":1.5},"eventID":"shardId-000000000000:1"}]}"#;
    let discarded = r#"{"requestContext":{},"KinesisBatchInfo":{"shardId":"s"},"payload":"{\"Records\":[]}"}"#;
    let view = r#"{"sku":"A1","title":null,"available":1,"offers":[],"version":1}"#;
    for (content, words) in [
        (event.to_owned(), "an event of a Lambda invocation"),
        (pretty(event), "an event of a Lambda invocation"),
        (discarded.to_owned(), "a batch that Lambda discarded"),
        (pretty(discarded), "a batch that Lambda discarded"),
        (view.to_owned(), "exported product views"),
        (pretty(&format!("[{GOOD}]")), "one JSON array"),
        (format!("[{}]", vec![GOOD; 40_000].join(",")), "one JSON array"),
        (pretty(EVENT), "JSON with objects of several lines"),
        ("InvoiceNo,StockCode,Quantity\n1,2,3\n".to_owned(), "a table (CSV)"),
        ("a;b;c\n".to_owned(), "a table (CSV)"),
        ("<!DOCTYPE html>\n".to_owned(), "XML or HTML"),
    ] {
        refused(&read(content.as_bytes()), &[&format!("looks like {words}")]);
    }
    refused(&read(b"nonsense\n"), &["is not a record: expected ident at column 2"]);
    refused(&read(b"{\"colour\":1}\n"), &["unknown field `colour`"]);
}

#[test]
fn binary_formats_are_recognized() {
    let line = format!("{GOOD}\n");
    let marked = format!("\u{feff}{line}");
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"a.jso");
    tar[257..262].copy_from_slice(b"ustar");
    for (content, words) in [
        (utf_16(&marked, u16::to_le_bytes), "UTF-16"),
        (utf_16(&marked, u16::to_be_bytes), "UTF-16"),
        (utf_16(&line, u16::to_le_bytes), "UTF-16 or UTF-32 without a byte order mark"),
        (utf_16(&line, u16::to_be_bytes), "UTF-16 or UTF-32 without a byte order mark"),
        (gzip(&gzip(line.as_bytes())), "a file that was compressed with gzip twice"),
        (gzip(&tar), "a tar archive"),
        (b"PK\x03\x04\x14\0".to_vec(), "a zip archive"),
        (b"\x28\xb5\x2f\xfd\x24".to_vec(), "a file compressed with zstd"),
        (b"BZh91AY".to_vec(), "a file compressed with bzip2"),
        (b"\xfd7zXZ\0".to_vec(), "a file compressed with xz"),
        (b"PAR1\x15".to_vec(), "a Parquet file"),
        (b"Obj\x01\x04".to_vec(), "an Avro file"),
    ] {
        refused(&read(&content), &[&format!("looks like {words}")]);
    }
}

/// Only the first line's error names another format.
#[test]
fn a_later_lines_error_names_no_format() {
    let read = read(format!("{GOOD}\n[1]\n").as_bytes());
    let [Ok(_), Err(ReadError::Line { line: 2, source, .. })] = &read[..] else { panic!("{read:?}") };
    assert!(!source.to_string().contains("looks like"), "{source}");
}

#[test]
fn a_folders_error_says_how_to_play_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let Err(ReadError::Read { source, .. }) = RecordSource::open(Some(folder.path())) else { panic!() };
    assert!(source.to_string().contains("| pipegen local --records -"), "{source}");
}
