//! Well-known formats that a rejected text resembles, to be named in the rejection.

use crate::members::{Members, string};
use crate::{aggregate, required_fields};

/// The name of a format, and what to send instead.
pub(crate) type OtherFormat = &'static str;

/// Appends to a rejection's detail what the text looks like.
pub(crate) fn named(detail: String, format: Option<OtherFormat>) -> String {
    match format {
        Some(format) => format!("{detail}; looks like {format}"),
        None => detail,
    }
}

/// The first bytes of records that are not JSON text.
const BEGINNINGS: [(&[u8], OtherFormat); 13] = [
    (b"\x1f\x8b", "gzip: send the text itself, not compressed"),
    (b"\x28\xb5\x2f\xfd", "Zstandard: send the text itself, not compressed"),
    (b"\x04\x22\x4d\x18", "LZ4: send the text itself, not compressed"),
    (b"\x78\x9c", "zlib: send the text itself, not compressed"),
    (b"\xef\xbb\xbf", "UTF-8 with a byte order mark: send the text without the mark"),
    (b"\xff\xfe\0\0", "UTF-32: send UTF-8 without a byte order mark"),
    (b"\0\0\xfe\xff", "UTF-32: send UTF-8 without a byte order mark"),
    (b"\xff\xfe", "UTF-16: send UTF-8 without a byte order mark"),
    (b"\xfe\xff", "UTF-16: send UTF-8 without a byte order mark"),
    (b"Obj\x01", "an Avro file: send JSON text"),
    (b"\x03\0", "the header of Glue's Schema Registry: send JSON text without it"),
    (b"\x03\x05", "the header of Glue's Schema Registry: send JSON text without it"),
    (&aggregate::MAGIC, "an aggregate within an aggregate, which is not unpacked: aggregate once"),
];

/// Names the format of a record that is not JSON text.
pub(crate) fn of_record(record: &[u8]) -> Option<OtherFormat> {
    let beginning = BEGINNINGS.iter().find(|(beginning, _)| record.starts_with(beginning));
    if let Some((_, format)) = beginning {
        return Some(format);
    }
    if let [0, b'{' | b'[', ..] | [b'{' | b'[', 0, ..] = record {
        return Some("UTF-16: send UTF-8");
    }
    let text = str::from_utf8(record).ok()?;
    if text.starts_with('\0') {
        return Some("the header of a schema registry: send JSON text without it");
    }
    if is_several(text) {
        return Some("several JSON texts: send an array, or a record for each");
    }
    is_base64_of_json(text)
        .then_some("base64: send the text itself, as the Kinesis API encodes it where that is needed")
}

/// Tells whether the text is a JSON object or array followed by the beginning of another one. RFC 7464's separators
/// count as white space.
fn is_several(text: &str) -> bool {
    let blanks = |c: char| c.is_ascii_whitespace() || c == '\u{1e}';
    let text = text.trim_start_matches(blanks);
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let first = values.next().is_some_and(|value| value.is_ok());
    let rest = text.get(values.byte_offset()..).unwrap_or_default().trim_start_matches(blanks);
    first && text.starts_with(['{', '[']) && rest.starts_with(['{', '['])
}

/// Tells whether the text is base64 (of either alphabet) and encodes a text that begins with `{` or `[`.
fn is_base64_of_json(text: &str) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(byte);
    // A character encodes six bits: the bracket is the first character and a third of the second one.
    let begins =
        matches!(text.as_bytes(), [b'e' | b'W', b'w'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_', _, _, ..]);
    begins && text.trim_ascii().as_bytes().iter().all(is_base64)
}

/// Message envelopes by their members (`payload.op`: the member `op` of the object `payload`).
const ENVELOPES: [(&[&str], OtherFormat); 13] = [
    (&["payload.op", "payload.after"], DEBEZIUM),
    (&["op", "before", "after"], DEBEZIUM),
    (&["op", "after", "source"], DEBEZIUM),
    (
        &["metadata.record-type"],
        "the envelope of the Database Migration Service: make an event of the row and send that",
    ),
    (&["metadata.operation"], "the envelope of the Database Migration Service: make an event of the row and send that"),
    (&["schema", "payload"], "the envelope of Kafka Connect: send the event alone, without a schema"),
    (&["dynamodb.Keys"], "a change record of DynamoDB: make an event of the item and send that"),
    (&["deliveryStreamArn", "records"], "Firehose's envelope: send the events in it to the stream themselves"),
    (&["requestId", "records"], "Firehose's envelope: send the events in it to the stream themselves"),
    (&["TopicArn", "Message"], "the envelope of SNS: send its message alone (raw message delivery)"),
    (&["detail-type", "detail"], "EventBridge's envelope: send its detail alone (an input path of $.detail)"),
    (&["Records"], "a batch that AWS hands to a Lambda function: send what its records hold"),
    (&["MessageId", "Body"], "a message of SQS: send its body alone"),
];

const DEBEZIUM: OtherFormat = "Debezium's envelope: make an event of the row and send that";

/// Names the format of JSON text that is not an event: an object without `specversion`, or a string.
pub(crate) fn of_event(json: &str) -> Option<OtherFormat> {
    let Some(members) = Members::read(json) else { return string(json).and_then(|text| of_string(&text)) };
    if members.has("specversion") {
        return None;
    }
    let has_all = |names: &&[&str]| names.iter().all(|name| members.has_path(name));
    if let Some((_, format)) = ENVELOPES.iter().find(|(names, _)| has_all(names)) {
        return Some(format);
    }
    let is_data = required_fields::ALL.iter().any(has_all);
    is_data.then_some("data alone: send the whole event, attributes and data (structured mode)")
}

/// Names the format of a string in the place of an object.
pub(crate) fn of_string(text: &str) -> Option<OtherFormat> {
    if Members::read(text).is_some() || text.trim_ascii_start().starts_with('[') {
        return Some("the text of a JSON value within a string: send the value itself");
    }
    is_base64_of_json(text).then_some("base64, which belongs in data_base64")
}
