//! Records of events that are nearly valid, made of any bytes: each byte is a choice. What a fuzzer would need long to
//! find (balanced brackets, checksums, lengths) is right; what is inside is its to break.

use arbitrary::{Result, Unstructured};
use md5::{Digest as _, Md5};

/// Texts in the place of a value: JSON of every kind, and what is none.
const VALUES: [&str; 40] = [
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1e3",
    "10e-1",
    "1.5",
    "1e999",
    "-1e-999",
    "1000000000",
    "-1000000001",
    "9223372036854775808",
    "0.00000000000000000000000000000001e32",
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "[[]]",
    "{\"a\":1,\"a\":2}",
    "\"\"",
    "\" \"",
    "\"a\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0032.5\"",
    "\"2.50\"",
    "\"1000000000.00000\"",
    "\"0.00001\"",
    "\"GBP\"",
    "\"XXX\"",
    "\"e30=\"",
    "\"eyJxdWFudGl0eSI6MX0=\"",
    "\"\u{ad}\"",
    "\"\u{feff}x\"",
    "\"é\u{1f375}\"",
    "\"\\\"\"",
    "nul",
];

/// Names of members.
const NAMES: [&str; 20] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "data",
    "data_base64",
    "quantity",
    "delta",
    "reason",
    "amount",
    "currency",
    "title",
    "description",
    "category",
    "attributes",
    "payload",
    "\\u0069d",
    "",
];

/// Times around the arrival and the window's ends.
const TIMES: [&str; 10] = [
    "2026-11-23T05:00:00Z",
    "2026-11-23t05:00:00.123456789z",
    "2026-11-16T05:00:00.500000Z",
    "2026-11-16T05:00:00.499999Z",
    "2026-11-23T05:05:00.500000Z",
    "2026-11-23T05:05:00.500001Z",
    "2026-11-23T10:30:00+05:30",
    "2026-11-23T05:00:60Z",
    "0000-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
];

/// Types, and the content of each.
const TYPES: [(&str, &str); 5] = [
    ("com.retailtech.stock.counted.v1", r#"{"quantity":5}"#),
    ("com.retailtech.stock.adjusted.v1", r#"{"delta":-2,"reason":"sale"}"#),
    ("com.retailtech.price.changed.v1", r#"{"amount":"2.50","currency":"GBP"}"#),
    ("com.retailtech.product.described.v1", r#"{"title":"T","description":"D","category":"C","attributes":{"a":"b"}}"#),
    ("com.retailtech.unknown.v1", "{}"),
];

/// Makes a record by these choices: an event, an array or an aggregate.
pub(super) fn record(choices: &[u8]) -> Vec<u8> {
    shaped(&mut Unstructured::new(choices)).unwrap_or_default()
}

/// Makes an aggregate of a protobuf, with the right checksum.
pub(super) fn sealed(protobuf: &[u8]) -> Vec<u8> {
    [b"\xF3\x89\x9A\xC2", protobuf, &*Md5::digest(protobuf)].concat()
}

fn shaped(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok(match choices.int_in_range(0..=3)? {
        0 | 1 => event(choices)?.into_bytes(),
        2 => array(choices)?.into_bytes(),
        _ => aggregate(choices)?,
    })
}

fn array(choices: &mut Unstructured<'_>) -> Result<String> {
    let mut events = Vec::new();
    for _ in 0..choices.int_in_range(0..=4)? {
        events.push(event(choices)?);
    }
    // Up to one more than are allowed.
    if choices.ratio(1, 16)? {
        let more = choices.int_in_range(990..=1001)?;
        events.resize(more, "7".to_owned());
    }
    let blank = *choices.choose(&["", " ", "\n\t", "\r"])?;
    Ok(format!("{blank}[{blank}{}{blank}]{blank}", events.join(&format!("{blank},{blank}"))))
}

fn aggregate(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut protobuf = field(1, b"acme");
    for _ in 0..choices.int_in_range(0..=4)? {
        let data = match choices.int_in_range(0..=4)? {
            0 => array(choices)?.into_bytes(),
            1 => choices.arbitrary::<&[u8]>()?.to_vec(),
            _ => event(choices)?.into_bytes(),
        };
        let (key, hash_key) = (choices.int_in_range(0..=9)?, choices.int_in_range(0..=9)?);
        // As a rule the table has the key.
        let keys = [&[8, u8::from(key == 9)][..], if hash_key == 9 { &[16, 0] } else { &[] }].concat();
        protobuf.extend(field(3, &[keys, field(3, &data)].concat()));
    }
    if choices.ratio(1, 8)? {
        protobuf.extend(field(choices.int_in_range(1..=15)?, choices.arbitrary()?));
    }
    Ok(sealed(&protobuf))
}

/// Encodes a length-delimited field of a protobuf.
fn field(tag: u8, value: &[u8]) -> Vec<u8> {
    let (mut bytes, mut length) = (vec![tag << 3 | 2], value.len());
    while length >= 0x80 {
        bytes.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    bytes.push(length.to_le_bytes()[0]);
    [&bytes, value].concat()
}

fn event(choices: &mut Unstructured<'_>) -> Result<String> {
    let (event_type, data) = *choices.choose(&TYPES)?;
    let mut members = vec![
        member("specversion", "\"1.0\""),
        member("id", "\"e-1\""),
        member("source", "\"/suppliers/acme\""),
        member("type", &format!("\"{event_type}\"")),
        member("subject", "\"85123A\""),
        member("time", &format!("\"{}\"", choices.choose(&TIMES)?)),
        member("data", &content(choices, data)?),
    ];
    edit(choices, &mut members)?;
    Ok(format!("{{{}}}", members.join(",")))
}

/// Makes an event's content: as it should be, with an edit, or something else.
fn content(choices: &mut Unstructured<'_>, data: &str) -> Result<String> {
    Ok(match choices.int_in_range(0..=3)? {
        0 => data.to_owned(),
        1 => value(choices)?,
        _ => {
            let inner = data.strip_prefix('{').and_then(|data| data.strip_suffix('}')).unwrap_or_default();
            // No value of the templates has a comma.
            let mut members = inner.split(',').map(str::to_owned).collect();
            edit(choices, &mut members)?;
            format!("{{{}}}", members.join(","))
        }
    })
}

/// Removes, repeats, replaces and adds members.
fn edit(choices: &mut Unstructured<'_>, members: &mut Vec<String>) -> Result<()> {
    for _ in 0..choices.int_in_range(0..=2)? {
        if members.is_empty() {
            break;
        }
        let place = choices.choose_index(members.len())?;
        let old = members[place].clone();
        match choices.int_in_range(0..=4)? {
            0 => drop(members.remove(place)),
            1 => members.push(old),
            2 => members.push(member(choices.choose(&NAMES)?, &value(choices)?)),
            _ => {
                let name = old.split_once(':').map_or(&*old, |(name, _)| name).to_owned();
                members[place] = format!("{name}:{}", value(choices)?);
            }
        }
    }
    Ok(())
}

fn value(choices: &mut Unstructured<'_>) -> Result<String> {
    Ok(match choices.int_in_range(0..=9)? {
        0 => choices.arbitrary::<&str>()?.to_owned(),
        1 => serde_json::Value::from(choices.arbitrary::<&str>()?).to_string(),
        2 => choices.arbitrary::<i64>()?.to_string(),
        3 => {
            let depth = choices.int_in_range(1..=140)?;
            format!("{}{}", "[".repeat(depth), "]".repeat(depth))
        }
        // Around the limits of texts.
        4 => {
            let length = *choices.choose(&[63, 64, 65, 128, 129, 200, 201, 500, 501])?;
            format!("\"{}\"", choices.choose(&["a", "é", "\\n"])?.repeat(length))
        }
        5 => {
            let pairs = choices.int_in_range(48..=51)?;
            let pairs: Vec<_> = (0..pairs).map(|place| format!("\"{place}\":\"v\"")).collect();
            format!("{{{}}}", pairs.join(","))
        }
        _ => (*choices.choose(&VALUES)?).to_owned(),
    })
}

fn member(name: &str, json: &str) -> String {
    format!("\"{name}\":{json}")
}
