//! The position up to which everything is on the stream, although records arrive there in any order.

use std::collections::{BTreeMap, VecDeque};

use super::units::Fingerprint;

/// A position in the files: behind this many units of this file.
#[derive(Clone, Debug)]
pub(super) struct Position {
    /// The file's index.
    pub(super) file: usize,
    pub(super) units: u64,
    /// The fingerprint of these units, if it is wanted.
    pub(super) fingerprint: Option<Fingerprint>,
}

/// The units that are on their way.
#[derive(Debug, Default)]
pub(super) struct Watermark {
    /// The number of the first entry.
    first: u64,
    /// Units in their order, each with the number of its records that are not on the stream yet.
    entries: VecDeque<(Position, usize)>,
    /// For each file the last position up to which everything is done.
    reached: BTreeMap<usize, Position>,
}

impl Watermark {
    /// Notes a unit with this many records, behind all others. Returns its number, for [`Self::put`].
    pub(super) fn begin(&mut self, position: Position, records: usize) -> u64 {
        match self.entries.back_mut() {
            // It needs nothing, so it is done as soon as the one before it is.
            Some((last, _)) if records == 0 && last.file == position.file => *last = position,
            _ => self.entries.push_back((position, records)),
        }
        let number = self.first + self.entries.len() as u64 - 1;
        self.advance();
        number
    }

    /// Notes that one of a unit's records is on the stream.
    pub(super) fn put(&mut self, number: u64) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some((_, left)) = index.and_then(|index| self.entries.get_mut(index)) {
            *left = left.saturating_sub(1);
        }
        self.advance();
    }

    fn advance(&mut self) {
        while let Some((position, _)) = self.entries.pop_front_if(|(_, left)| *left == 0) {
            self.reached.insert(position.file, position);
            self.first += 1;
        }
    }

    /// Returns for each file the position up to which everything is done.
    pub(super) fn reached(&self) -> impl Iterator<Item = &Position> {
        self.reached.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(units: u64) -> Position {
        Position { file: 0, units, fingerprint: None }
    }

    fn reached(watermark: &Watermark) -> Option<u64> {
        watermark.reached().last().map(|position| position.units)
    }

    #[test]
    fn it_stops_before_the_first_unit_that_is_not_done() {
        let mut watermark = Watermark::default();
        let first = watermark.begin(position(1), 2);
        let second = watermark.begin(position(2), 1);
        watermark.put(second);
        watermark.put(first);
        assert_eq!(reached(&watermark), None);
        watermark.put(first);
        assert_eq!(reached(&watermark), Some(2));
        let third = watermark.begin(position(3), 1);
        watermark.put(third);
        assert_eq!(reached(&watermark), Some(3));
    }

    #[test]
    fn units_without_records_go_with_the_one_before() {
        let mut watermark = Watermark::default();
        watermark.begin(position(1), 0);
        assert_eq!(reached(&watermark), Some(1));
        let second = watermark.begin(position(2), 1);
        watermark.begin(position(3), 0);
        assert_eq!(reached(&watermark), Some(1));
        watermark.put(second);
        assert_eq!(reached(&watermark), Some(3));
    }

    #[test]
    fn the_end_of_a_file_is_not_forgotten_in_the_next() {
        let mut watermark = Watermark::default();
        let first = watermark.begin(position(1), 1);
        watermark.begin(Position { file: 1, ..position(1) }, 0);
        let last = watermark.begin(Position { file: 1, ..position(2) }, 1);
        watermark.put(last);
        assert_eq!(watermark.reached().count(), 0);
        watermark.put(first);
        let reached: Vec<_> = watermark.reached().map(|position| (position.file, position.units)).collect();
        assert_eq!(reached, [(0, 1), (1, 2)]);
    }
}
