//! Application of a batch of events: one transaction with a fixed number of statements, whatever the batch's size.

use std::collections::{BTreeMap, BTreeSet};

use pipegen_event::{Event, Reason, Rejection};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::error::{During, Error, ErrorKind};
use crate::fold::Effect;
use crate::product_view::{self, View};
use crate::store::Store;
use crate::working_set::MAX_OFFERS;
use crate::{load, save};

/// The key of the advisory lock that batches take shared and that pruning takes exclusively.
pub(crate) const LEDGER_LOCK: i64 = 0x6c65_6467_6572;

/// The number of times that a transaction is retried after a conflict with another one.
const CONFLICT_RETRIES: u32 = 3;

/// The outcome of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventOutcome {
    /// It changed the catalog.
    Applied,
    /// A later event had already superseded it.
    Stale,
    /// It had already been applied.
    Duplicate,
    /// It can never be applied.
    Rejected(Rejection),
}

/// The result of a batch.
#[derive(Debug, Default)]
pub struct Applied {
    /// One for each event, in order.
    pub outcomes: Vec<EventOutcome>,
    /// The current view of every product in the batch, changed or not.
    pub views: Vec<View>,
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
        let mut views = BTreeMap::new();
        // A stack of the parts still to be applied, the first on top.
        let mut parts = vec![events];
        while let Some(part) = parts.pop() {
            match self.apply_part(part).await {
                Ok(applied) => {
                    outcomes.extend(applied.outcomes);
                    views.extend(applied.views.into_iter().map(|view| (view.sku.clone(), view)));
                }
                Err(error) if error.kind() == ErrorKind::Data && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) if error.kind() == ErrorKind::Data => outcomes.push(EventOutcome::Rejected(refused(&error))),
                Err(error) => return Err(error),
            }
        }
        Ok(Applied { outcomes, views: views.into_values().collect() })
    }

    async fn apply_part(&self, events: &[&Event]) -> Result<Applied, Error> {
        if events.is_empty() {
            return Ok(Applied::default());
        }
        let mut retries = 0;
        loop {
            match self.apply_once(events).await {
                Err(error) if error.kind() == ErrorKind::Conflict && retries < CONFLICT_RETRIES => retries += 1,
                result => return result,
            }
        }
    }

    async fn apply_once(&self, events: &[&Event]) -> Result<Applied, Error> {
        let apply = async |connection: &mut PgConnection| {
            let mut transaction = connection.begin().await.during("begin a transaction")?;
            let applied = apply_in(&mut transaction, events).await?;
            transaction.commit().await.during("commit a batch")?;
            Ok(applied)
        };
        self.connections.run(apply).await
    }
}

async fn apply_in(connection: &mut PgConnection, events: &[&Event]) -> Result<Applied, Error> {
    let skus: Vec<&str> = events.iter().map(|event| event.sku.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    lock_products(connection, &skus).await?;
    let (time, floor) = load::time_and_floor(connection).await?;
    let mut working_set = load::products(connection, &skus).await?;
    working_set.ledger_floor = floor;
    let needs = working_set.ledger_needs(events.iter().copied());
    load::ledger(connection, &mut working_set, &needs).await?;

    let outcomes = events.iter().map(|event| working_set.fold(event).into()).collect();
    for product in working_set.products.values_mut().filter(|product| product.view_changed()) {
        product.set_version(time);
    }

    save::changes(connection, &working_set, time).await?;
    let unused = working_set.products.iter().filter(|(_, product)| !product.exists());
    save::drop_unused(connection, &unused.map(|(sku, _)| sku.as_str()).collect::<Vec<_>>()).await?;
    Ok(Applied { outcomes, views: product_view::all(&working_set) })
}

async fn lock_products(connection: &mut PgConnection, skus: &[&str]) -> Result<(), Error> {
    sqlx::query(include_str!("queries/lock_products.sql"))
        .bind(skus)
        .bind(LEDGER_LOCK)
        .execute(connection)
        .await
        .during("lock the products")?;
    Ok(())
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
