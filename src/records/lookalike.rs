//! What a file looks like that is no records file, and what to do with it.

/// What every message ends with.
const RECORDS_FILE: &str = "a records file holds one JSON object a line: a record (`shard`, `sequence_number`, `partition_key`, `arrived_at`, and \
     `data` or `data_base64`), a line of the archive or of the quarantine, or an event";

/// How much of a file is looked at.
pub(super) const HEAD: usize = 64 * 1024;

/// Files that are known by their first bytes: what they are, and what to do with them.
const BY_MAGIC: [(&[u8], &str, &str); 14] = [
    (b"\xff\xfe", "UTF-16", "`iconv -f UTF-16 -t UTF-8` makes it UTF-8"),
    (b"\xfe\xff", "UTF-16", "`iconv -f UTF-16 -t UTF-8` makes it UTF-8"),
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
    (b"<", "XML or HTML", "it may be an error page that was saved in the file's place"),
];

/// Kinesis' own name of a record's field, in the output of the AWS CLI; with version 1 times are numbers.
const GET_RECORDS: &str = "`jq -c '.Records[] | {shard: \"shardId-000000000000\", sequence_number: .SequenceNumber, partition_key: \
     .PartitionKey, arrived_at: (.ApproximateArrivalTimestamp | if type == \"number\" then todate else . end), data_base64: .Data}'` \
     makes records of it";

const LAMBDA_EVENT: &str = "`jq -c '.Records[] | {shard: (.eventID | split(\":\")[0]), sequence_number: .kinesis.sequenceNumber, \
     partition_key: .kinesis.partitionKey, arrived_at: (.kinesis.approximateArrivalTimestamp | todate), data_base64: .kinesis.data}'` \
     makes records of it";

const ON_FAILURE: &str = "its `payload` is the batch: `jq -c '.payload | fromjson | .Records[] | {shard: (.eventID | split(\":\")[0]), \
     sequence_number: .kinesis.sequenceNumber, partition_key: .kinesis.partitionKey, arrived_at: (.kinesis.approximateArrivalTimestamp | \
     todate), data_base64: .kinesis.data}'` makes records of it";

/// JSON that is known by the names in it, the first that has all of its names.
const BY_NAMES: [(&[&str], &str, &str); 4] = [
    (&["\"KinesisBatchInfo\"", "\"payload\""], "a batch that Lambda gave up", ON_FAILURE),
    (&["\"Records\"", "\"SequenceNumber\""], "the output of `aws kinesis get-records`", GET_RECORDS),
    (&["\"Records\"", "\"kinesis\""], "an event that Lambda hands to a function", LAMBDA_EVENT),
    (
        &["\"sku\"", "\"available\"", "\"offers\""],
        "exported product views, which are what comes of events",
        "play the events that led there",
    ),
];

/// Says what the file looks like whose first line is no record, from its first bytes and what is wrong with that line.
pub(super) fn explain(head: &[u8], first_line: &[u8], problem: &str) -> String {
    match shape(head, first_line) {
        Some((what, help)) => format!("looks like {what}: {help}; {RECORDS_FILE}"),
        None => format!("{problem}; {RECORDS_FILE}"),
    }
}

fn shape(head: &[u8], first_line: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, what, help)) = BY_MAGIC.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some((what, help));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(("a tar archive", "unpack it (`tar -xO -f FILE` writes what is in it one after the other)"));
    }
    if head.iter().take(4).any(|byte| *byte == 0) {
        return Some((
            "UTF-16 or UTF-32 without a byte order mark",
            "`iconv -f UTF-16LE -t UTF-8` makes most of them UTF-8",
        ));
    }
    let text = String::from_utf8_lossy(head);
    let begin = text.trim_start().chars().next()?;
    if matches!(begin, '{' | '[') {
        return json(&text, begin, first_line);
    }
    let line = String::from_utf8_lossy(first_line);
    let columns = [',', ';', '\t', '|'].into_iter().any(|separator| line.matches(separator).count() >= 2);
    columns.then_some(("a table (CSV)", "each line must become a JSON object"))
}

fn json(text: &str, begin: char, first_line: &[u8]) -> Option<(&'static str, &'static str)> {
    let has_all = |names: &&[&str]| names.iter().all(|name| text.contains(name));
    if let Some((_, what, help)) = BY_NAMES.iter().find(|(names, ..)| has_all(names)) {
        return Some((what, help));
    }
    let is_cut = serde_json::from_slice::<serde::de::IgnoredAny>(first_line).is_err_and(|error| error.is_eof());
    match begin {
        '[' => Some(("one JSON array", "`jq -c '.[]'` makes a line of each of its elements")),
        _ if is_cut => Some(("JSON whose objects go over several lines", "`jq -c .` puts each on one line")),
        _ => None,
    }
}
