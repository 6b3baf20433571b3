//! Aggregates of the Kinesis Producer Library, by the format's description: a magic number, a protobuf (a table of
//! partition keys, a table of explicit hash keys, user records), the protobuf's MD5.

const MAGIC: &[u8] = b"\xF3\x89\x9A\xC2";

/// Tells whether a record is an aggregate.
pub(super) fn is_aggregate(record: &[u8]) -> bool {
    record.starts_with(MAGIC)
}

/// Returns the data of each user record; `None` if the aggregate is broken.
pub(super) fn user_records(record: &[u8]) -> Option<Vec<Vec<u8>>> {
    let message = record.get(MAGIC.len()..record.len().checked_sub(16)?)?;
    if !record.ends_with(&*other_md5::compute(message)) {
        return None;
    }
    let fields = fields(message)?;
    let values = |wanted| -> Option<Vec<&[u8]>> {
        fields.iter().filter(|(number, _)| *number == wanted).map(|(_, value)| value.bytes()).collect()
    };
    let (keys, hash_keys) = (values(1)?, values(2)?);
    values(3)?.into_iter().map(|record| user_record(record, keys.len(), hash_keys.len())).collect()
}

fn user_record(message: &[u8], keys: usize, hash_keys: usize) -> Option<Vec<u8>> {
    let fields = fields(message)?;
    let (mut key, mut hash_key, mut data) = (0, None, Vec::new());
    for (number, value) in &fields {
        match number {
            1 => key = value.number()?,
            2 => hash_key = Some(value.number()?),
            3 => data = value.bytes()?.to_vec(),
            _ => {}
        }
    }
    let is_in = |place: u64, length: usize| usize::try_from(place).is_ok_and(|place| place < length);
    (is_in(key, keys) && hash_key.is_none_or(|place| is_in(place, hash_keys))).then_some(data)
}

/// The value of a protobuf's field.
enum FieldValue<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> FieldValue<'a> {
    fn number(&self) -> Option<u64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// Reads every field of a message, in order: its number and its value. Groups, which are obsolete, count as broken.
fn fields(mut message: &[u8]) -> Option<Vec<(u64, FieldValue<'_>)>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let (key, rest) = varint(message)?;
        let (value, rest) = match key % 8 {
            0 => varint(rest).map(|(number, rest)| (FieldValue::Number(number), rest))?,
            1 => (FieldValue::Fixed, rest.get(8..)?),
            2 => {
                let (length, rest) = varint(rest)?;
                let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (FieldValue::Bytes(bytes), rest)
            }
            5 => (FieldValue::Fixed, rest.get(4..)?),
            _ => return None,
        };
        fields.push((key / 8, value));
        message = rest;
    }
    Some(fields)
}

/// Reads the varint that the bytes begin with: seven bits in each byte, the lowest first.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let number = bytes[..length]
        .iter()
        .rev()
        .try_fold(0_u64, |number, byte| number.checked_mul(128).map(|number| number + u64::from(byte & 0x7f)))?;
    Some((number, &bytes[length..]))
}
