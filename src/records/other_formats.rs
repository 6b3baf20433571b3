//! Recognizes files of other formats, and says how to convert them.

/// The end of every message.
const RECORDS_FILE: &str = "a records file holds one JSON object a line: a record (`shard`, `sequence_number`, `partition_key`, \
     `arrived_at`, and `data` or `data_base64`), a line of the archive or of the quarantine, or an event";

/// The number of bytes by which a format is recognized.
pub(super) const HEAD: usize = 64 * 1024;

/// Formats that are recognized by their first bytes, and the remedy for each.
const BY_MAGIC: [(&[u8], &str, &str); 14] = [
    (b"\xff\xfe", "UTF-16", "`iconv -f UTF-16 -t UTF-8` converts it"),
    (b"\xfe\xff", "UTF-16", "`iconv -f UTF-16 -t UTF-8` converts it"),
    (b"PK", "a zip archive", "unpack it"),
    (b"\x1f\x8b", "a file that was compressed with gzip twice", "`gunzip` it once"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd", "`zstd -d` it"),
    (b"BZh", "a file compressed with bzip2", "`bunzip2` it"),
    (b"\xfd7zXZ", "a file compressed with xz", "`unxz` it"),
    (b"\x04\x22\x4d\x18", "a file compressed with lz4", "`lz4 -d` it"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it"),
    (b"PAR1", "a Parquet file", "export it as JSON Lines"),
    (b"Obj\x01", "an Avro file", "export it as JSON Lines"),
    (b"ORC", "an ORC file", "export it as JSON Lines"),
    (b"SQLite format 3", "an SQLite database", "export it as JSON Lines"),
    (b"<", "XML or HTML", "it may be an error page that was saved instead of the file"),
];

/// The remedy for the output of the AWS CLI. Version 1 writes times as numbers.
const GET_RECORDS: &str = "`jq -c '.Records[] | {shard: \"shardId-000000000000\", sequence_number: .SequenceNumber, partition_key: \
     .PartitionKey, arrived_at: (.ApproximateArrivalTimestamp | if type == \"number\" then todate else . end), \
     data_base64: .Data}'` converts it to records";

const LAMBDA_EVENT: &str = "`jq -c '.Records[] | {shard: (.eventID | split(\":\")[0]), sequence_number: .kinesis.sequenceNumber, \
     partition_key: .kinesis.partitionKey, arrived_at: (.kinesis.approximateArrivalTimestamp | todate), \
     data_base64: .kinesis.data}'` converts it to records";

const ON_FAILURE: &str = "its `payload` is the batch: `jq -c '.payload | fromjson | .Records[] | {shard: (.eventID | split(\":\")[0]), \
     sequence_number: .kinesis.sequenceNumber, partition_key: .kinesis.partitionKey, arrived_at: \
     (.kinesis.approximateArrivalTimestamp | todate), data_base64: .kinesis.data}'` converts it to records";

/// JSON that is recognized by the names in it. The first entry with all of its names in the text applies.
const BY_NAMES: [(&[&str], &str, &str); 4] = [
    (&["\"KinesisBatchInfo\"", "\"payload\""], "a batch that Lambda discarded", ON_FAILURE),
    (&["\"Records\"", "\"SequenceNumber\""], "the output of `aws kinesis get-records`", GET_RECORDS),
    (&["\"Records\"", "\"kinesis\""], "an event of a Lambda invocation", LAMBDA_EVENT),
    (
        &["\"sku\"", "\"available\"", "\"offers\""],
        "exported product views, which are the result of events",
        "play the events instead",
    ),
];

/// Explains a file whose first line is not a record, from its first bytes and the error of that line.
pub(super) fn explain(head: &[u8], first_line: &[u8], problem: &str) -> String {
    match format_of(head, first_line) {
        Some((what, help)) => format!("looks like {what}: {help}; {RECORDS_FILE}"),
        None => format!("{problem}; {RECORDS_FILE}"),
    }
}

fn format_of(head: &[u8], first_line: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, what, help)) = BY_MAGIC.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some((what, help));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", "unpack it (`tar -xO -f FILE` writes its files one after the other)"));
    }
    if head.iter().take(4).any(|byte| *byte == 0) {
        return Some((
            "UTF-16 or UTF-32 without a byte order mark",
            "`iconv -f UTF-16LE -t UTF-8` converts most of them",
        ));
    }
    let text = String::from_utf8_lossy(head);
    let begin = text.trim_start().chars().next()?;
    if matches!(begin, '{' | '[') {
        return json(&text, begin, first_line);
    }
    let line = String::from_utf8_lossy(first_line);
    let columns = [',', ';', '\t', '|'].into_iter().any(|separator| line.matches(separator).count() >= 2);
    columns.then_some(("a table (CSV)", "convert each line to a JSON object"))
}

fn json(text: &str, begin: char, first_line: &[u8]) -> Option<(&'static str, &'static str)> {
    let has_all = |names: &&[&str]| names.iter().all(|name| text.contains(name));
    if let Some((_, what, help)) = BY_NAMES.iter().find(|(names, ..)| has_all(names)) {
        return Some((what, help));
    }
    let is_cut = serde_json::from_slice::<serde::de::IgnoredAny>(first_line).is_err_and(|error| error.is_eof());
    match begin {
        '[' => Some(("one JSON array", "`jq -c '.[]'` writes each element on a line")),
        _ if is_cut => Some(("JSON with objects of several lines", "`jq -c .` writes each on one line")),
        _ => None,
    }
}
