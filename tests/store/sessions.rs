//! The steps of the sessions that write.

use std::time::Duration;

use anyhow::{Result, bail};
use chrono::TimeDelta;
use pipegen_event::{Event, Reason};
use pipegen_store::{Applied, Error, ErrorKind, EventOutcome, ProductVersion, Store};
use tokio::time::{sleep, timeout};

use crate::catalog::Catalog;
use crate::events::{DecodedEvent, Delivery, HORIZON};
use crate::holds;
use crate::journal::{Journal, Told};
use crate::plan::{Act, Apply, Round, Then};

/// The time for which the stream keeps a record.
const RETENTION: TimeDelta = TimeDelta::days(1);

/// The age at which `maintain` prunes a row of the ledger.
const LEDGER_AGE: TimeDelta = TimeDelta::hours(HORIZON.num_hours() + RETENTION.num_hours() + 1);

/// The age at which `maintain` prunes a change.
pub(crate) const CHANGES_AGE: TimeDelta = TimeDelta::days(7);

/// The attempts at a batch: when the machine is busy, a time limit of the store may pass.
const ATTEMPTS: u32 = 5;

/// A session of a round.
pub(crate) struct Session<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) journal: &'a Journal,
    pub(crate) round: &'a Round,
    pub(crate) store: Store,
}

impl Session<'_> {
    /// Does the steps of the session with this number.
    pub(crate) async fn run(&self, number: usize) -> Result<()> {
        for step in self.round.steps.iter().filter(|step| step.session == number) {
            sleep(Duration::from_millis(step.pause)).await;
            self.act(&step.act).await?;
        }
        Ok(())
    }

    async fn act(&self, act: &Act) -> Result<()> {
        let told = &self.journal.told;
        match act {
            Act::Apply(batch) => self.apply(batch).await,
            Act::Prune(rows) => {
                let pruned = self.again(async |store| store.prune_ledger(LEDGER_AGE, *rows).await).await?;
                told.lock().figures.pruned += pruned;
                Ok(())
            }
            Act::PruneChanges(rows) => {
                self.again(async |store| store.prune_changes(CHANGES_AGE, *rows).await).await.map(|_| ())
            }
            Act::Drain(limit, pause) => self.drain(*limit, *pause).await,
            Act::TellCrossings(pause) => self.tell_crossings(*pause).await,
            Act::Hold(hold) => holds::hold(self.catalog, hold).await,
        }
    }

    async fn apply(&self, batch: &Apply) -> Result<()> {
        let mut deliveries = Vec::new();
        for delivery in &batch.events {
            // An old event that has never been there would come out of nothing.
            if self.is_young(delivery) || self.journal.told.lock().accepted.contains_key(delivery) {
                deliveries.push((delivery, delivery.decode(self.catalog.beginning)?));
            }
        }
        let events: Vec<Event> = deliveries.iter().map(|(_, decoded)| self.as_sent(decoded)).collect();
        let events: Vec<&Event> = events.iter().collect();
        if let Some(after) = batch.dies_after {
            // Its connection is closed, and its backend goes on with what it was asked for.
            let outcome = timeout(Duration::from_millis(after), self.store.apply(&events)).await;
            self.journal.told.lock().figures.died += u64::from(outcome.is_err());
        }
        let applied = self.again(async |store| store.apply(&events).await).await?;
        self.note(&deliveries, &applied);
        match batch.then {
            Then::Nothing => Ok(()),
            Then::AddPending(after) => {
                sleep(Duration::from_millis(after)).await;
                self.again(async |store| store.add_pending(&applied.products).await).await?;
                self.journal.told.lock().add(&applied.products);
                Ok(())
            }
            Then::Settle => self.settle(&applied.products).await,
        }
    }

    /// Tells whether an event may not be rejected: it can only now have come from the stream, or from the archive into a
    /// new catalog.
    fn is_young(&self, delivery: &Delivery) -> bool {
        self.round.is_rebuild || delivery.arrived >= self.round.now - RETENTION.num_seconds()
    }

    /// Moves an event's time from the history's clock to the database's.
    fn as_sent(&self, decoded: &DecodedEvent) -> Event {
        Event { time: decoded.event.time - self.catalog.passed(), ..decoded.event.clone() }
    }

    fn note(&self, deliveries: &[(&Delivery, DecodedEvent)], applied: &Applied) {
        let told = &mut *self.journal.told.lock();
        told.figures.batches += 1;
        told.acknowledge(&applied.products);
        if applied.outcomes.len() != deliveries.len() {
            told.violation(format!("{} outcomes of {} events", applied.outcomes.len(), deliveries.len()));
        }
        for ((delivery, decoded), outcome) in deliveries.iter().zip(&applied.outcomes) {
            told.figures.events += 1;
            if let EventOutcome::Rejected(rejection) = outcome {
                if rejection.reason != Reason::TooOld || self.is_young(delivery) {
                    told.violation(format!("{delivery} was rejected: {rejection:?}"));
                }
                told.figures.rejected += 1;
            } else {
                told.accepted.insert((*delivery).clone(), decoded.model.clone());
            }
            told.judged.push((decoded.event.time, matches!(outcome, EventOutcome::Rejected(_))));
        }
    }

    async fn settle(&self, products: &[ProductVersion]) -> Result<()> {
        self.journal.told.lock().settle(products);
        self.again(async |store| store.settle_pending(products).await).await
    }

    /// Refreshes the cache with the pending versions; what it is told is what was listed.
    async fn drain(&self, limit: i64, pause: u64) -> Result<()> {
        let products = self.again(async |store| store.pending(limit).await).await?;
        sleep(Duration::from_millis(pause)).await;
        self.settle(&products).await
    }

    async fn tell_crossings(&self, pause: u64) -> Result<()> {
        self.again(async |store| store.close_crossings(TimeDelta::zero(), 100).await).await?;
        let closed = self.again(async |store| store.closed_crossings(100).await).await?;
        for crossing in &closed {
            self.journal.told.lock().cross(crossing);
        }
        sleep(Duration::from_millis(pause)).await;
        self.again(async |store| store.delete_crossings(&closed).await).await
    }

    async fn again<T>(&self, work: impl AsyncFn(&Store) -> Result<T, Error>) -> Result<T> {
        again(&self.store, self.journal, work).await
    }
}

/// Works, again if the server did not answer in time: a batch comes again then.
///
/// # Errors
/// Any other error. A conflict is among those: the store begins again by itself.
pub(crate) async fn again<T>(
    store: &Store,
    journal: &Journal,
    work: impl AsyncFn(&Store) -> Result<T, Error>,
) -> Result<T> {
    for _ in 0..ATTEMPTS {
        match work(store).await {
            Ok(value) => return Ok(value),
            Err(error) if is_slowness(&error) => {
                journal.told.lock().figures.retried += 1;
            }
            Err(error) => {
                let code = error.sqlstate();
                return Err(anyhow::Error::from(error).context(format!("the store failed ({code:?})")));
            }
        }
    }
    bail!("the server does not answer, {ATTEMPTS} times")
}

/// Tells whether a time limit has passed: the server's answer came too late, or the next statement did.
fn is_slowness(error: &Error) -> bool {
    let is_idle = || error.sqlstate().is_some_and(|code| code == "25P03");
    matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::TooSlow) || is_idle()
}

impl Told {
    /// Ends a round.
    pub(crate) fn end_round(&mut self) {
        self.judged.clear();
        self.pages.clear();
    }
}
