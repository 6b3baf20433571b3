//! Applying a batch of events: one transaction, a fixed number of statements whatever the batch's size.

use std::collections::{BTreeMap, BTreeSet};

use pipegen_event::{Event, Reason, Rejection};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::catalog::MOST_OFFERS;
use crate::error::{During, Error, Kind};
use crate::fold::Effect;
use crate::product_view::{self, View};
use crate::{Store, load, save};

/// Key of the advisory lock that batches share and that pruning takes alone.
pub(crate) const LEDGER_LOCK: i64 = 0x6c65_6467_6572;

/// How often a transaction that met another one is run again before the batch is reported.
const CONFLICT_RETRIES: u32 = 3;

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is part of the catalog now.
    Applied,
    /// Something later had superseded it.
    Stale,
    /// It had been applied before.
    Duplicate,
    /// It can never be applied.
    Rejected(Rejection),
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Applied {
    /// One for each event, in their order.
    pub outcomes: Vec<Outcome>,
    /// The current view of every product in the batch, whether or not the batch changed it.
    pub views: Vec<View>,
}

impl Store {
    /// Applies the events, all in one transaction. Events that PostgreSQL refuses as data are found by halving, each half in a
    /// transaction of its own, and rejected; the rest is applied. Applying a batch again changes nothing.
    ///
    /// # Errors
    /// If the database cannot be asked or is in trouble; then some halves may have been applied, which is harmless.
    pub async fn apply(&self, events: &[&Event]) -> Result<Applied, Error> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(events.len());
        let mut views = BTreeMap::new();
        // Parts of the batch still to be applied, the first on top.
        let mut parts = vec![events];
        while let Some(part) = parts.pop() {
            match self.apply_part(part).await {
                Ok(applied) => {
                    outcomes.extend(applied.outcomes);
                    views.extend(applied.views.into_iter().map(|view| (view.sku.clone(), view)));
                }
                Err(error) if error.kind() == Kind::Data && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) if error.kind() == Kind::Data => outcomes.push(Outcome::Rejected(refused(&error))),
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
                Err(error) if error.kind() == Kind::Conflict && retries < CONFLICT_RETRIES => retries += 1,
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
    let mut catalog = load::products(connection, &skus).await?;
    catalog.ledger_floor = floor;
    let needs = catalog.ledger_needs(events.iter().copied());
    load::ledger(connection, &mut catalog, &needs).await?;

    let outcomes = events.iter().map(|event| catalog.fold(event).into()).collect();
    for product in catalog.products.values_mut().filter(|product| product.view_changed()) {
        product.advance(time);
    }

    save::changes(connection, &catalog, time).await?;
    let unused = catalog.products.iter().filter(|(_, product)| !product.exists());
    save::drop_unused(connection, &unused.map(|(sku, _)| sku.as_str()).collect::<Vec<_>>()).await?;
    Ok(Applied { outcomes, views: product_view::all(&catalog) })
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

impl From<Effect> for Outcome {
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
                detail: format!("source: {MOST_OFFERS} suppliers offer this SKU already, the most it may have"),
            }),
        }
    }
}
