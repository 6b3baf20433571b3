//! Each record (or rejected event) of a range once, in order, although objects overlap.
//!
//! The order is that of hour, shard, sequence number and index: in a shard, that of arrival. A batch's records come in
//! the shard's order, but objects overlap, so their lines are merged. What has to wait for an object that is still to
//! come is in memory, no more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::line::{Kind, Line};
use super::object_key::ObjectKey;
use super::objects::{self, Object};
use super::sequence_number::SequenceNumber;
use super::source::Source;
use super::text::Text;
use super::time_range::TimeRange;

/// The place of a line in its shard.
type Position = (SequenceNumber, u32);

/// The beginning and the end of a line's text.
type Span = (usize, usize);

/// Passes on every line of the range that `keep` wants, each (shard, sequence number, index) once. Returns early if
/// `pass_on` returns false. `keep` is called by several threads, `pass_on` in the promised order, with the object's key
/// and the line's text.
pub async fn each_line(
    source: &Source,
    kind: Kind,
    range: &TimeRange,
    keep: impl Fn(&Line<'_>) -> bool + Clone + Send + 'static,
    mut pass_on: impl AsyncFnMut(&str, &str) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let whole = *range;
    let keep = move |line: &Line<'_>| whole.contains(line.arrived_at) && keep(line);
    let read = objects::read(source, kind, range, move |object, bytes| ObjectLines::read(kind, object, bytes, &keep));
    let mut read = std::pin::pin!(read);
    let mut merged = Merged::default();
    while let Some(next) = read.next().await {
        let (object, lines) = next?;
        if !merged.pass_on_before(Some(&object.key), &mut pass_on).await? {
            return Ok(());
        }
        merged.add(object.key, lines);
    }
    merged.pass_on_before(None, &mut pass_on).await?;
    Ok(())
}

/// The lines of an object that are wanted, sorted.
struct ObjectLines {
    key: Arc<str>,
    text: String,
    lines: std::vec::IntoIter<(Position, Span)>,
}

impl ObjectLines {
    fn read(kind: Kind, object: &Object, bytes: &Bytes, keep: &impl Fn(&Line<'_>) -> bool) -> anyhow::Result<Self> {
        let key = &object.entry.key;
        let (mut text, mut lines, mut number) = (String::new(), Vec::new(), 0_u64);
        let mut compressed = Text::new(bytes);
        while let Some(line) = compressed
            .next_line()
            .with_context(|| format!("{key} cannot be read (`pipegen archive verify` tells what is wrong)"))?
        {
            number += 1;
            let place = || format!("{key}, line {number}");
            let line = str::from_utf8(line).with_context(place)?;
            let parsed = Line::parse(kind, line).map_err(anyhow::Error::msg).with_context(place)?;
            if keep(&parsed) {
                let start = text.len();
                text.push_str(line);
                lines.push(((parsed.sequence_number, parsed.index), (start, text.len())));
            }
        }
        lines.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { key: key.as_str().into(), text, lines: lines.into_iter() })
    }
}

/// Lines that wait.
#[derive(Default)]
struct Merged {
    /// The hour and shard that the lines are of.
    place: Option<ObjectKey>,
    objects: Vec<Option<ObjectLines>>,
    /// The next line of each object.
    next: BinaryHeap<Reverse<(Position, usize, Span)>>,
    last: Option<Position>,
}

impl Merged {
    fn add(&mut self, key: ObjectKey, lines: ObjectLines) {
        self.place = Some(key);
        self.objects.push(Some(lines));
        self.advance(self.objects.len() - 1);
    }

    /// Takes the next line of an object, or lets go of an object without one.
    fn advance(&mut self, object: usize) {
        let Some(lines) = &mut self.objects[object] else { return };
        match lines.lines.next() {
            Some((position, span)) => self.next.push(Reverse((position, object, span))),
            None => self.objects[object] = None,
        }
    }

    /// Passes on what is before the first line of this object, or all.
    async fn pass_on_before(
        &mut self,
        key: Option<&ObjectKey>,
        pass_on: &mut impl AsyncFnMut(&str, &str) -> anyhow::Result<bool>,
    ) -> anyhow::Result<bool> {
        let is_beside = key.zip(self.place.as_ref()).is_some_and(|(key, place)| key.is_beside(place));
        let limit = key.filter(|_| is_beside).map(|key| &key.first);
        while let Some(Reverse(((number, _), ..))) = self.next.peek()
            && limit.is_none_or(|limit| number < limit)
            && let Some(Reverse((position, object, (start, end)))) = self.next.pop()
        {
            if self.last.as_ref() != Some(&position) {
                if let Some(lines) = &self.objects[object]
                    && !pass_on(&lines.key, lines.text.get(start..end).unwrap_or_default()).await?
                {
                    return Ok(false);
                }
                self.last = Some(position);
            }
            self.advance(object);
        }
        if self.next.is_empty() {
            self.objects.clear();
        }
        if !is_beside {
            self.last = None;
        }
        Ok(true)
    }
}
