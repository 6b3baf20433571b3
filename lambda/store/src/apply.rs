//! Application of a batch of events: one transaction with a fixed number of statements, whatever the batch's size.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use pipegen_event::{Event, Reason, Rejection};
use sqlx::postgres::PgConnection;

use crate::adjustments::Adjustments;
use crate::error::{Error, ErrorKind};
use crate::fold::Effect;
use crate::ledger::Repeated;
use crate::store::Store;
use crate::working_set::{MAX_OFFERS, WorkingSet};
use crate::{ledger, load, save};

/// The number of times that a transaction is retried after a conflict with another one.
const CONFLICT_RETRIES: u32 = 3;

/// The outcome of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventOutcome {
    /// It changed the catalog.
    Applied,
    /// A later event superseded it.
    Stale,
    /// It had already been applied.
    Duplicate,
    /// It can never be applied.
    Rejected(Rejection),
}

/// A version of a product's view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductVersion {
    pub sku: String,
    /// Grows with every change of the view: microseconds since the epoch, or the previous version plus one.
    pub version: i64,
    /// The number of offers in the view, by which its size can be estimated.
    pub offers: usize,
    /// The number available in that version.
    pub available: i64,
}

/// The result of a batch.
#[derive(Debug, Default)]
pub struct Applied {
    /// One for each event, in order.
    pub outcomes: Vec<EventOutcome>,
    /// The current version of every product in the batch, changed or not, sorted by SKU.
    pub products: Vec<ProductVersion>,
}

impl Store {
    /// Applies the events in one transaction. If PostgreSQL refuses an event's data, the batch is bisected, each half
    /// in a transaction of its own, until the event is found and rejected; the rest is applied. Applying a batch again
    /// changes nothing.
    ///
    /// # Errors
    /// If the database is unreachable or fails. Some halves may have been applied then, which is harmless.
    pub async fn apply(&self, events: &[&Event]) -> Result<Applied, Error> {
        let mut outcomes: Vec<EventOutcome> = Vec::with_capacity(events.len());
        let mut products = BTreeMap::new();
        // A stack of the parts still to be applied, the first on top.
        let mut parts = vec![events];
        while let Some(part) = parts.pop() {
            match self.apply_part(part).await {
                Ok(applied) => {
                    outcomes.extend(applied.outcomes);
                    products.extend(applied.products.into_iter().map(|product| (product.sku.clone(), product)));
                }
                Err(error) if error.kind() == ErrorKind::Data && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) if error.kind() == ErrorKind::Data => outcomes.push(EventOutcome::Rejected(refused(&error))),
                Err(error) => return Err(error),
            }
        }
        Ok(Applied { outcomes, products: products.into_values().collect() })
    }

    async fn apply_part(&self, events: &[&Event]) -> Result<Applied, Error> {
        if events.is_empty() {
            return Ok(Applied::default());
        }
        let mut attempt = Attempt {
            create: self.creates_products.load(Ordering::Relaxed),
            repeated: Repeated::WithTheirTime,
            conflicts: 0,
        };
        loop {
            let apply = async |connection: &mut PgConnection| self.apply_in(connection, events, attempt).await;
            let error = match self.connections.transaction(apply).await {
                Ok(applied) => return Ok(applied),
                Err(error) => error,
            };
            let Some(next) = attempt.after(&error) else { return Err(error) };
            attempt = next;
        }
    }

    async fn apply_in(
        &self,
        connection: &mut PgConnection,
        events: &[&Event],
        attempt: Attempt,
    ) -> Result<Applied, Error> {
        let (mut working_set, touches) = WorkingSet::of(events);
        if attempt.create {
            let created = load::create_products(connection, &working_set).await?;
            self.creates_products.store(created, Ordering::Relaxed);
        }
        load::lock_products(connection, &mut working_set).await?;
        let time = load::offers(connection, &mut working_set).await?;
        load::descriptions(connection, &mut working_set, &touches).await?;
        load::available(connection, &mut working_set).await?;

        let effects = working_set.fold(&touches);
        let mut adjustments = Adjustments::of(&touches, &effects);
        let sums = ledger::update(connection, &working_set, &mut adjustments, attempt.repeated).await?;
        let effects = adjustments.settle(&mut working_set, &touches, effects, &sums);

        let changed = working_set.set_versions(time);
        save::changes(connection, &working_set, &changed, time).await?;
        Ok(Applied::of(&working_set, effects))
    }
}

/// An attempt to apply a batch, by what the ones before it have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attempt {
    /// True if products without a row are created.
    create: bool,
    repeated: Repeated,
    /// The number of attempts that conflicted with other transactions.
    conflicts: u32,
}

impl Attempt {
    /// Returns the attempt after this one, which ended with the error; none if another one would not help.
    fn after(self, error: &Error) -> Option<Self> {
        if error.is_repeated() && self.repeated != Repeated::AtAnyTime {
            return Some(Self { repeated: Repeated::AtAnyTime, ..self });
        }
        if error.is_missing_products() && !self.create {
            return Some(Self { create: true, ..self });
        }
        let again = error.kind() == ErrorKind::Conflict && self.conflicts < CONFLICT_RETRIES;
        again.then_some(Self { conflicts: self.conflicts + 1, ..self })
    }
}

impl Applied {
    /// Returns the result of a batch: the effect of each event, and the working set with its versions.
    pub(crate) fn of(working_set: &WorkingSet<'_>, effects: Vec<Effect>) -> Self {
        let products = working_set.products.iter().filter(|product| product.exists()).map(|product| ProductVersion {
            sku: product.sku.to_owned(),
            version: product.version,
            offers: product.offers,
            available: product.available(),
        });
        Self { outcomes: effects.into_iter().map(EventOutcome::from).collect(), products: products.collect() }
    }
}

fn refused(error: &Error) -> Rejection {
    let code = error.sqlstate().unwrap_or_default();
    Rejection { reason: Reason::RefusedByDatabase, detail: format!("data: refused by PostgreSQL (SQLSTATE {code})") }
}

impl From<Effect> for EventOutcome {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Applied => Self::Applied,
            Effect::Stale => Self::Stale,
            Effect::Duplicate => Self::Duplicate,
            Effect::BelowLedgerFloor => Self::Rejected(Rejection {
                reason: Reason::TooOld,
                detail: "time: not later than what was pruned from the ledger".to_owned(),
            }),
            Effect::TooManyOffers => Self::Rejected(Rejection {
                reason: Reason::TooManyOffers,
                detail: format!("source: {MAX_OFFERS} suppliers offer this SKU already, the most it may have"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::answered;

    const FIRST: Attempt = Attempt { create: false, repeated: Repeated::WithTheirTime, conflicts: 0 };

    #[test]
    fn each_thing_that_was_missing_is_mended_once_and_conflicts_are_retried_three_times() {
        let repeated = answered("23505", Some("ledger_pkey"));
        let missing = Error::missing_products();
        let conflict = answered("40P01", None);
        let any_time = Attempt { repeated: Repeated::AtAnyTime, ..FIRST };
        let creating = Attempt { create: true, ..FIRST };
        assert_eq!(FIRST.after(&repeated), Some(any_time));
        assert_eq!(FIRST.after(&missing), Some(creating));
        assert_eq!(FIRST.after(&conflict), Some(Attempt { conflicts: 1, ..FIRST }));
        // Something that was mended and is missing again was taken away meanwhile, as in a conflict.
        assert_eq!(any_time.after(&repeated), Some(Attempt { conflicts: 1, ..any_time }));
        assert_eq!(creating.after(&missing), Some(Attempt { conflicts: 1, ..creating }));
        assert_eq!(creating.after(&repeated), Some(Attempt { create: true, ..any_time }));
        assert_eq!(any_time.after(&missing), Some(Attempt { create: true, ..any_time }));
        for (conflicts, next) in [(2, Some(Attempt { conflicts: 3, ..FIRST })), (3, None)] {
            assert_eq!(Attempt { conflicts, ..FIRST }.after(&conflict), next);
        }
    }

    #[test]
    fn no_other_error_is_retried() {
        for sqlstate in ["22003", "28P01", "53300", "57014", "57P01", "08006", "42P01", "42601"] {
            assert_eq!(FIRST.after(&answered(sqlstate, None)), None, "{sqlstate}");
        }
        assert_eq!(FIRST.after(&Error::too_slow()), None);
    }
}
