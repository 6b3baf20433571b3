//! Objects in the order of hour, shard and first sequence number, read ahead.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};

use super::line::Kind;
use super::object_key::ObjectKey;
use super::source::{Body, Listing, ObjectEntry, Source};
use super::time_range::TimeRange;

/// The number of objects that are read and worked on at the same time.
pub(super) const AHEAD: usize = 4;

/// An object and what its key says.
#[derive(Clone, Debug)]
pub struct Object {
    pub key: ObjectKey,
    pub entry: ObjectEntry,
}

/// The objects of one shard that arrived in one hour, in the order of their first sequence numbers.
#[derive(Debug)]
pub struct ShardHour {
    pub objects: Vec<Object>,
}

impl ShardHour {
    /// Returns what the keys go on with behind the prefix, and are ordered by.
    pub(super) fn place(&self) -> String {
        self.objects.first().map_or_else(String::new, |object| format!("{}/{}/", object.key.hour, object.key.shard))
    }
}

/// The objects of a source, hour by hour and shard by shard.
#[derive(Debug)]
pub struct ShardHours {
    listing: Listing,
    prefix: &'static str,
    /// The first object of the next hour or shard.
    ahead: Option<Object>,
    foreign: Vec<ObjectEntry>,
}

impl ShardHours {
    /// Lists the objects of the hours that the range touches.
    pub fn list(source: &Source, kind: Kind, range: &TimeRange) -> Self {
        let prefix = kind.prefix();
        Self { listing: source.list(prefix, range.hours()), prefix, ahead: None, foreign: Vec::new() }
    }

    /// Returns the objects of the next hour and shard.
    pub async fn next(&mut self) -> anyhow::Result<Option<ShardHour>> {
        let mut objects: Vec<Object> = self.ahead.take().into_iter().collect();
        while let Some(entry) = self.listing.next().await? {
            let Some(key) = ObjectKey::parse(self.prefix, &entry.key) else {
                self.foreign.push(entry);
                continue;
            };
            let object = Object { key, entry };
            if objects.first().is_some_and(|first| !first.key.is_beside(&object.key)) {
                self.ahead = Some(object);
                break;
            }
            objects.push(object);
        }
        objects.sort_by(|a, b| a.key.first.cmp(&b.key.first).then_with(|| a.entry.key.cmp(&b.entry.key)));
        Ok((!objects.is_empty()).then_some(ShardHour { objects }))
    }

    /// Takes the objects that were passed so far and whose keys are none that the pipeline writes.
    pub fn take_foreign(&mut self) -> Vec<ObjectEntry> {
        std::mem::take(&mut self.foreign)
    }
}

/// Reads the objects, some of them ahead, and does the work on each by a thread of its own. The results keep the order.
pub fn read<T: Send + 'static>(
    source: &Source,
    kind: Kind,
    range: &TimeRange,
    work: impl Fn(&Object, &Bytes) -> anyhow::Result<T> + Clone + Send + 'static,
) -> impl Stream<Item = anyhow::Result<(Object, T)>> {
    let source = source.clone();
    flat(ShardHours::list(&source, kind, range))
        .map(move |object| {
            let (source, work) = (source.clone(), work.clone());
            async move {
                let object = object?;
                let Body { bytes, .. } = source.get(&object.entry).await?;
                tokio::task::spawn_blocking(move || Ok((work(&object, &bytes)?, object))).await?
            }
        })
        .buffered(AHEAD)
        .map(|result| result.map(|(value, object)| (object, value)))
}

/// Returns the objects one by one.
fn flat(hours: ShardHours) -> impl Stream<Item = anyhow::Result<Object>> {
    stream::try_unfold((hours, VecDeque::new()), |(mut hours, mut objects)| async move {
        loop {
            if let Some(object) = objects.pop_front() {
                return Ok(Some((object, (hours, objects))));
            }
            let Some(next) = hours.next().await? else { return Ok(None) };
            objects = next.objects.into();
        }
    })
}
