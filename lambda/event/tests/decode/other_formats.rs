//! Well-known formats that rejections name.

use pipegen_event::Reason;
use pipegen_event::Reason::{InvalidData, InvalidEvent, InvalidJson};

use crate::sample::{accepted, all, broken, counted, event, refused};

/// Checks the reason, and that the detail names this format.
#[track_caller]
fn assert_looks_like(record: impl AsRef<[u8]>, reason: Reason, format: &str) {
    let rejection = refused(&record);
    let shown = String::from_utf8_lossy(record.as_ref()).chars().take(200).collect::<String>();
    assert_eq!(rejection.reason, reason, "{} for {shown}", rejection.detail);
    assert!(rejection.detail.contains(&format!("; looks like {format}")), "{} for {shown}", rejection.detail);
    assert!(rejection.detail.len() < 250 && rejection.detail.is_ascii(), "{}", rejection.detail);
}

#[track_caller]
fn assert_looks_like_nothing(record: impl AsRef<[u8]>) {
    let rejection = refused(record);
    assert!(!rejection.detail.contains("looks like"), "{}", rejection.detail);
}

#[test]
fn compressed_text_is_named() {
    let gzip = "gzip: send the text itself, not compressed";
    assert_looks_like(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0", InvalidJson, gzip);
    assert_looks_like(b"\x1f\x8b", InvalidJson, gzip);
    assert_looks_like(b"\x28\xb5\x2f\xfd\x04\0", InvalidJson, "Zstandard: send");
    assert_looks_like(b"\x04\x22\x4d\x18\x64", InvalidJson, "LZ4: send");
    assert_looks_like(b"\x78\x9c\xab\xae\x05\0", InvalidJson, "zlib: send");
}

#[test]
fn another_encoding_is_named() {
    let utf_16 = |text: &str, to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<_>>();
    let marked = format!("\u{feff}{}", counted());
    assert_looks_like(&marked, InvalidJson, "UTF-8 with a byte order mark: send the text without the mark");
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        assert_looks_like(utf_16(&marked, to_bytes), InvalidJson, "UTF-16: send UTF-8 without a byte order mark");
        assert_looks_like(utf_16(&counted(), to_bytes), InvalidJson, "UTF-16: send UTF-8");
        assert_looks_like(utf_16("[]", to_bytes), InvalidJson, "UTF-16: send UTF-8");
    }
    let utf_32 = marked.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<_>>();
    assert_looks_like(utf_32, InvalidJson, "UTF-32: send UTF-8");
    // Windows-1252 has no distinctive beginning.
    assert_looks_like_nothing(b"{\"id\":\"\xe9\"}");
}

#[test]
fn several_texts_are_named() {
    let several = "several JSON texts: send an array, or a record for each";
    for between in ["\n", "", " ", "\r\n\r\n", "\n\u{1e}"] {
        assert_looks_like(format!("{}{between}{}", counted(), counted()), InvalidJson, several);
    }
    assert_looks_like(format!("{}\n{}\n", counted(), counted()), InvalidJson, several);
    assert_looks_like(format!("\u{1e}{}\n\u{1e}{}\n", counted(), counted()), InvalidJson, several);
    assert_looks_like(format!("[{}][{}]", counted(), counted()), InvalidJson, several);
    assert_looks_like(format!("{}\n{{\"cut", counted()), InvalidJson, several);
    accepted(format!("{}\n", counted()));
    for other in ["{} x", "1 2", "{},{}", "{}}", "{\"a\" {}", "{ {}"] {
        assert_looks_like_nothing(other);
    }
}

#[test]
fn base64_and_schema_headers_are_named() {
    for base64 in
        ["eyJzcGVjdmVyc2lvbiI6IjEuMCJ9", "eyJhIjoxfQ", "W3siYSI6MX1d\n", "ewogICJhIjoxCn0=", "eyJh\r\nIjox\r\nfQ=="]
    {
        assert_looks_like(base64, InvalidJson, "base64: send the text itself");
    }
    for other in ["eye", "exit now!", "everything", "Wow", "SGVsbG8="] {
        assert_looks_like_nothing(other);
    }
    assert_looks_like(b"\0\0\0\x2a\x01{\"id\":1}", InvalidJson, "the header of a schema registry");
    assert_looks_like(b"\x03\0\xb0\xb1\xb2\xb3{}", InvalidJson, "the header of Glue's Schema Registry");
    assert_looks_like(b"\x03\x05\xb0\xb1\xb2\xb3{}", InvalidJson, "the header of Glue's Schema Registry");
    assert_looks_like(b"Obj\x01\x04\x14avro.codec", InvalidJson, "an Avro file");
}

#[test]
fn envelopes_of_other_tools_are_named() {
    let debezium = "Debezium's envelope: make an event of the row and send that";
    let dms = "the envelope of the Database Migration Service: make an event of the row and send that";
    for (text, format) in [
        (r#"{"schema":null,"payload":{"before":null,"after":{"sku":"S1"},"op":"u","ts_ms":1}}"#, debezium),
        (r#"{"before":{"sku":"S1"},"after":null,"source":{"db":"shop"},"op":"d","ts_ms":1}"#, debezium),
        (r#"{"after":{"sku":"S1"},"source":{"db":"shop"},"op":"c"}"#, debezium),
        (r#"{"data":{"sku":"S1"},"metadata":{"record-type":"data","operation":"update"}}"#, dms),
        (r#"{"metadata":{"operation":"create-table"},"control":{}}"#, dms),
        (r#"{"schema":{"type":"struct"},"payload":{"sku":"S1"}}"#, "the envelope of Kafka Connect"),
        (
            r#"{"awsRegion":"us-east-1","dynamodb":{"Keys":{},"NewImage":{}},"eventName":"INSERT"}"#,
            "a change record of DynamoDB",
        ),
        (r#"{"requestId":"r","timestamp":1,"records":[{"data":"e30="}]}"#, "Firehose's envelope"),
        (r#"{"invocationId":"i","deliveryStreamArn":"arn:x","records":[]}"#, "Firehose's envelope"),
        (r#"{"Type":"Notification","MessageId":"m","TopicArn":"arn:x","Message":"{}"}"#, "the envelope of SNS"),
        (r#"{"version":"0","id":"i","detail-type":"x","source":"shop","detail":{}}"#, "EventBridge's envelope"),
        (r#"{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}"#, "a batch that AWS hands to a Lambda function"),
        (r#"{"MessageId":"m","ReceiptHandle":"h","Body":"{}"}"#, "a message of SQS"),
        (r#"{"quantity":5}"#, "data alone"),
    ] {
        assert_looks_like(text, InvalidEvent, format);
        assert_looks_like(format!("[{text}]"), InvalidEvent, format);
        assert!(refused(text).detail.starts_with("specversion: is missing; "), "the fault itself comes first");
        // An event is accepted with any further attributes.
        let extended = text.replacen('{', r#"{"specversion":"1.0","#, 1);
        assert_looks_like_nothing(extended);
    }
    for other in [r#"{"op":"u"}"#, r#"{"payload":{"op":"u"}}"#, r#"{"payload":"op"}"#, "{}", r#"{"metadata":{}}"#] {
        assert_looks_like_nothing(other);
    }
}

#[test]
fn the_data_of_every_type_is_named() {
    for event in all() {
        let event: serde_json::Value = serde_json::from_str(&event).expect("JSON");
        assert_looks_like(event["data"].to_string(), InvalidEvent, "data alone");
    }
}

#[test]
fn text_within_a_string_is_named() {
    let text = "the text of a JSON value within a string: send the value itself";
    for data in [r#""{\"quantity\": 5}""#, r#"" {}""#, r#""[1]""#, r#""\u007b}""#] {
        assert_looks_like(event("stock.counted", data), InvalidData, text);
    }
    assert_looks_like(
        event("stock.counted", r#""eyJxdWFudGl0eSI6NDJ9""#),
        InvalidData,
        "base64, which belongs in data_base64",
    );
    for data in [r#""""#, r#""quantity""#, r#""{""#, r#""5""#, "5", "[]"] {
        assert_looks_like_nothing(event("stock.counted", data));
    }
    let whole = serde_json::to_string(&counted()).expect("a string is JSON");
    assert_looks_like(&whole, InvalidEvent, text);
    assert_looks_like(format!("[{whole}]"), InvalidEvent, text);
    assert_looks_like_nothing(r#""event""#);
}

#[test]
fn what_is_merely_wrong_looks_like_nothing() {
    for bad in
        [broken("1.0", "0.3"), broken("e-1", ""), broken(r#""specversion":"1.0","#, ""), broken("}}", "}"), "{}".into()]
    {
        assert_looks_like_nothing(bad);
    }
}
