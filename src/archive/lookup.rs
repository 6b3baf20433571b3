//! One record's line, found by its place on the stream.

use anyhow::Context as _;

use super::line::{Kind, Line};
use super::objects::{Object, ShardHours};
use super::sequence_number::SequenceNumber;
use super::source::Source;
use super::text::Text;
use super::time_range::TimeRange;

/// A line that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The object's key.
    pub key: String,
    /// The record's bytes in the archive, the event's in the quarantine.
    pub data: Vec<u8>,
}

/// Returns the first line with this shard and sequence number that arrived in the range. Only objects whose keys admit
/// it are read.
pub async fn find(
    source: &Source,
    kind: Kind,
    range: &TimeRange,
    shard: &str,
    sequence_number: &str,
) -> anyhow::Result<Option<Found>> {
    let wanted = SequenceNumber::parse(sequence_number)
        .with_context(|| format!("`{sequence_number}` is not a sequence number"))?;
    let mut hours = ShardHours::list(source, kind, range);
    while let Some(hour) = hours.next().await? {
        for object in hour.objects {
            let may_hold = object.key.shard == shard && object.key.first <= wanted && wanted <= object.key.last;
            if may_hold && let Some(data) = read(source, kind, &object, &wanted).await? {
                return Ok(Some(Found { key: object.entry.key, data }));
            }
        }
    }
    Ok(None)
}

async fn read(
    source: &Source,
    kind: Kind,
    object: &Object,
    wanted: &SequenceNumber,
) -> anyhow::Result<Option<Vec<u8>>> {
    let body = source.get(&object.entry).await?;
    let mut text = Text::new(&body.bytes);
    while let Some(line) = text.next_line().with_context(|| {
        format!("{} cannot be read (`pipegen archive verify` tells what is wrong)", object.entry.key)
    })? {
        let line = str::from_utf8(line).with_context(|| object.entry.key.clone())?;
        let line = Line::parse(kind, line).map_err(anyhow::Error::msg).with_context(|| object.entry.key.clone())?;
        if line.sequence_number == *wanted {
            return Ok(Some(line.data.into_owned()));
        }
    }
    Ok(None)
}
