//! A batch's adjustments that no count includes yet: which of them the ledger has, and what they add to the levels. No
//! I/O.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pipegen_event::Change;

use crate::fold::Effect;
use crate::working_set::{Offer, Touch, WorkingSet};

/// The time and delta of an adjustment: what the ledger has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LedgerEntry {
    pub(crate) time: DateTime<Utc>,
    pub(crate) delta: i64,
}

/// An adjustment that is to be in the ledger after the batch. Deliveries with one identity are one event; if their
/// contents differ, the latest one is the event.
#[derive(Clone, Debug)]
pub(crate) struct Adjustment<'a> {
    /// The position of its offer in the working set.
    pub(crate) offer: usize,
    pub(crate) id: &'a str,
    /// Of the batch's deliveries the latest.
    pub(crate) entry: LedgerEntry,
    /// The row that the ledger had before the batch.
    pub(crate) stored: Option<LedgerEntry>,
}

/// A new count of an offer that has had adjustments: the ledger has rows that it supersedes, or that are later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    /// The position of its offer in the working set.
    pub(crate) offer: usize,
    pub(crate) time: DateTime<Utc>,
    /// True if the ledger may have later rows, which must be added up.
    pub(crate) is_late: bool,
}

impl Count {
    pub(crate) fn all(working_set: &WorkingSet<'_>) -> Vec<Self> {
        let count = |(position, offer): (usize, &Offer<'_>)| {
            let (time, adjusted_at) = (offer.newly_counted()?, offer.stored.as_ref()?.adjusted_at?);
            Some(Self { offer: position, time, is_late: adjusted_at > time })
        };
        working_set.offers.iter().enumerate().filter_map(count).collect()
    }
}

/// The adjustments of a batch that the last counts do not include.
#[derive(Debug, Default)]
pub(crate) struct Adjustments<'a> {
    /// Sorted by offer and id.
    pub(crate) list: Vec<Adjustment<'a>>,
}

impl<'a> Adjustments<'a> {
    /// Collects the adjustments whose effect is not known yet.
    pub(crate) fn of(touches: &[Touch<'a>], effects: &[Option<Effect>]) -> Self {
        let undecided = touches.iter().zip(effects).filter(|(_, effect)| effect.is_none());
        let mut list: Vec<Adjustment<'a>> = undecided.filter_map(|(touch, _)| adjustment(touch)).collect();
        // Stable, so that of deliveries with the same time the first one stays.
        list.sort_by(|a, b| (a.offer, a.id, b.entry.time).cmp(&(b.offer, b.id, a.entry.time)));
        list.dedup_by_key(|adjustment| (adjustment.offer, adjustment.id));
        Self { list }
    }

    /// Decides the effects that were not known, and adds the adjustments to the levels. `sums` has, for each late
    /// count, the sum of the rows that the ledger had and that are later than it.
    pub(crate) fn settle(
        &self,
        working_set: &mut WorkingSet<'_>,
        touches: &[Touch<'_>],
        effects: Vec<Option<Effect>>,
        sums: &HashMap<usize, i64>,
    ) -> Vec<Effect> {
        let changes = self.list.iter().map(|adjustment| {
            let counted_at = working_set.offers[adjustment.offer].counted_at();
            (adjustment.offer, adjustment.change(counted_at))
        });
        let changes: Vec<(usize, i64)> = changes.chain(sums.iter().map(|(offer, sum)| (*offer, *sum))).collect();
        for (offer, change) in changes {
            if let Some(row) = &mut working_set.offers[offer].current {
                row.on_hand += change;
            }
        }
        for adjustment in &self.list {
            if let Some(row) = &mut working_set.offers[adjustment.offer].current {
                row.adjusted_at = row.adjusted_at.max(Some(adjustment.entry.time));
            }
        }
        self.effects(working_set, touches, effects)
    }

    fn effects(
        &self,
        working_set: &WorkingSet<'_>,
        touches: &[Touch<'_>],
        effects: Vec<Option<Effect>>,
    ) -> Vec<Effect> {
        // The time of each adjustment as far as it is known after each event.
        let counted_at = |adjustment: &Adjustment<'_>| working_set.offers[adjustment.offer].counted_at();
        let mut known: Vec<Option<DateTime<Utc>>> = self
            .list
            .iter()
            .map(|adjustment| adjustment.effective(counted_at(adjustment)).map(|stored| stored.time))
            .collect();
        let decide = |(touch, effect): (&Touch<'_>, Option<Effect>)| {
            let position = || self.position(touch.offer?, touch.event.id.as_str());
            effect.unwrap_or_else(|| match position().map(|position| &mut known[position]) {
                Some(Some(time)) if touch.event.time <= *time => Effect::Duplicate,
                Some(time) => {
                    *time = Some(touch.event.time);
                    Effect::Applied
                }
                None => unreachable!("every undecided event is in the list"),
            })
        };
        touches.iter().zip(effects).map(decide).collect()
    }

    /// Returns the position of an identity.
    fn position(&self, offer: usize, id: &str) -> Option<usize> {
        self.list.binary_search_by_key(&(offer, id), |adjustment| (adjustment.offer, adjustment.id)).ok()
    }
}

impl Adjustment<'_> {
    /// Returns the row that the ledger had, unless a count has superseded it, but not removed it yet: that one has no
    /// effect any more.
    fn effective(&self, counted_at: Option<DateTime<Utc>>) -> Option<LedgerEntry> {
        self.stored.filter(|stored| counted_at.is_none_or(|counted_at| stored.time > counted_at))
    }

    /// Tells whether the offer has had an adjustment that is as late. Only then the ledger may have this one with its
    /// time or a later one.
    pub(crate) fn is_early(&self, working_set: &WorkingSet<'_>) -> bool {
        let stored = working_set.offers[self.offer].stored.as_ref();
        stored.and_then(|row| row.adjusted_at).is_some_and(|latest| self.entry.time <= latest)
    }

    /// Tells whether the ledger's row must be replaced.
    pub(crate) fn replaces(&self) -> bool {
        self.stored.is_some_and(|stored| self.entry.time > stored.time)
    }

    /// Returns what the adjustment adds to its offer's level.
    fn change(&self, counted_at: Option<DateTime<Utc>>) -> i64 {
        match self.effective(counted_at) {
            Some(stored) if self.replaces() => self.entry.delta - stored.delta,
            Some(_) => 0,
            None => self.entry.delta,
        }
    }
}

fn adjustment<'a>(touch: &Touch<'a>) -> Option<Adjustment<'a>> {
    let Change::Adjusted { delta } = touch.event.change else { return None };
    let entry = LedgerEntry { time: touch.event.time, delta };
    Some(Adjustment { offer: touch.offer?, id: touch.event.id.as_str(), entry, stored: None })
}
