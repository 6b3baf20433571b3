//! Records that the Kinesis Producer Library aggregated: a magic number, a protobuf, the protobuf's MD5.
//!
//! ```proto
//! message AggregatedRecord {
//!   repeated string partition_key_table     = 1;
//!   repeated string explicit_hash_key_table = 2;
//!   repeated Record records                 = 3;
//! }
//! message Record {
//!   required uint64 partition_key_index     = 1;
//!   optional uint64 explicit_hash_key_index = 2;
//!   required bytes  data                    = 3;
//!   repeated Tag    tags                    = 4;
//! }
//! ```
//!
//! A user record's keys are only checked to be in the tables: the meaning of an event does not depend on them, and the
//! archive keeps the record as it came. The protobuf is read field by field, so that the memory used is bounded by
//! [`MAX_EVENTS`] and not by numbers that a sender chose.

use md5::{Digest, Md5};
// Hidden in prost's documentation, because it is meant for derived code. Derived code would copy every field.
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::reason::{Reason, Rejection};

/// The first bytes of an aggregate. They are not UTF-8, so no JSON text begins with them.
pub(crate) const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// The maximum number of events in an aggregate, and of user records including empty ones. A record of 1 MiB holds some
/// 7000 of the smallest valid events.
pub(crate) const MAX_EVENTS: usize = 10_000;

const CHECKSUM_BYTES: usize = 16;

/// Tells whether the record is an aggregate, even a broken one.
pub(crate) fn is_aggregate(record: &[u8]) -> bool {
    record.starts_with(&MAGIC)
}

/// Returns the rejection of an aggregate with more than [`MAX_EVENTS`].
pub(crate) fn too_many_events() -> Rejection {
    Rejection::new(Reason::TooLarge, format!("an aggregate must have at most {MAX_EVENTS} events"))
}

/// Returns the data of each user record, in order.
pub(crate) fn user_records(record: &[u8]) -> Result<Vec<&[u8]>, Rejection> {
    let protobuf = checked_protobuf(record).ok_or_else(|| broken("checksum does not fit"))?;
    let aggregate = Aggregate::read(protobuf).ok_or_else(|| broken("protobuf cannot be read"))?;
    if aggregate.keys.lacks_a_key() {
        return Err(broken("table of partition keys lacks one that a user record names"));
    }
    if aggregate.hash_keys.lacks_a_key() {
        return Err(broken("table of explicit hash keys lacks one that a user record names"));
    }
    if aggregate.count > MAX_EVENTS {
        return Err(too_many_events());
    }
    Ok(aggregate.data)
}

fn broken(what: &str) -> Rejection {
    Rejection::new(
        Reason::InvalidJson,
        format!("the record is an aggregate of the Kinesis Producer Library whose {what}"),
    )
}

/// Returns the bytes between magic number and checksum, if the checksum is right.
fn checked_protobuf(record: &[u8]) -> Option<&[u8]> {
    let rest = record.strip_prefix(&MAGIC)?;
    let (protobuf, checksum) = rest.split_at_checked(rest.len().checked_sub(CHECKSUM_BYTES)?)?;
    (Md5::digest(protobuf).as_slice() == checksum).then_some(protobuf)
}

/// The parts of an aggregate that matter.
#[derive(Default)]
struct Aggregate<'a> {
    keys: KeyTable,
    hash_keys: KeyTable,
    /// Each user record's data, at most [`MAX_EVENTS`] of them.
    data: Vec<&'a [u8]>,
    /// The number of user records.
    count: usize,
}

/// A table of keys.
#[derive(Default)]
struct KeyTable {
    length: u64,
    /// The greatest index that a user record refers to.
    max_index: Option<u64>,
}

impl KeyTable {
    /// Tells whether a user record refers to a key that the table lacks.
    fn lacks_a_key(&self) -> bool {
        self.max_index.is_some_and(|index| index >= self.length)
    }
}

impl<'a> Aggregate<'a> {
    /// Reads the fields in any order: tables may come after the user records.
    fn read(mut protobuf: &'a [u8]) -> Option<Self> {
        let mut aggregate = Self::default();
        while !protobuf.is_empty() {
            let (tag, wire_type) = decode_key(&mut protobuf).ok()?;
            match tag {
                1 => aggregate.keys.length += bytes(wire_type, &mut protobuf).map(|_key| 1)?,
                2 => aggregate.hash_keys.length += bytes(wire_type, &mut protobuf).map(|_key| 1)?,
                3 => aggregate.add(bytes(wire_type, &mut protobuf)?)?,
                _ => skip_field(wire_type, tag, &mut protobuf, DecodeContext::default()).ok()?,
            }
        }
        Some(aggregate)
    }

    /// Reads a user record. A missing field has protobuf's default, because some writers leave out an index of 0.
    fn add(&mut self, mut record: &'a [u8]) -> Option<()> {
        let (mut key, mut hash_key, mut data) = (0, None, [].as_slice());
        while !record.is_empty() {
            let (tag, wire_type) = decode_key(&mut record).ok()?;
            match tag {
                1 => key = varint(wire_type, &mut record)?,
                2 => hash_key = Some(varint(wire_type, &mut record)?),
                3 => data = bytes(wire_type, &mut record)?,
                _ => skip_field(wire_type, tag, &mut record, DecodeContext::default()).ok()?,
            }
        }
        self.keys.max_index = self.keys.max_index.max(Some(key));
        self.hash_keys.max_index = self.hash_keys.max_index.max(hash_key);
        self.count += 1;
        if self.count <= MAX_EVENTS {
            self.data.push(data);
        }
        Some(())
    }
}

/// Reads the value of a length-delimited field.
fn bytes<'a>(wire_type: WireType, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = (wire_type == WireType::LengthDelimited).then(|| decode_varint(rest).ok())??;
    let (value, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(value)
}

/// Reads the value of an integer field.
fn varint(wire_type: WireType, rest: &mut &[u8]) -> Option<u64> {
    (wire_type == WireType::Varint).then(|| decode_varint(rest).ok())?
}
