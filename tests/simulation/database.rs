//! The catalog's database: its committed state, and the connections to it. Each transaction is atomic, at one moment of
//! its way; what the client hears of it is another matter.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pipegen_event::Event;
use pipegen_lambda::database::Tables;
use pipegen_store::{Applied, Error, EventOutcome, InMemoryTables, ProductVersion, View, too_slow, unreachable};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::schedule::Schedule;

/// The time after which a transaction is given up, as the store sets it.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(20);

/// The time that a batch needs to overtake a reader.
const OVERTAKEN: Duration = Duration::from_millis(80);

/// The longest that a transaction goes on whose client has gone.
const LATE: Duration = Duration::from_secs(8);

/// A delivery: source, type, SKU, id and time (in microseconds).
pub(crate) type Delivery = (String, String, String, String, i64);

/// The database.
pub(crate) struct Database {
    schedule: Arc<Schedule>,
    committed: Mutex<Committed>,
    /// Transactions that fail: once in so many.
    faults: Mutex<usize>,
}

/// The committed state.
#[derive(Default)]
struct Committed {
    tables: InMemoryTables,
    /// The product's version after the first commit of a delivery.
    deliveries: HashMap<Delivery, i64>,
    /// Every view that there ever was, by SKU and version.
    views: HashMap<(String, i64), String>,
}

/// A process's connections.
#[derive(Clone)]
pub(crate) struct Client {
    database: Arc<Database>,
    /// Queries after which the process stands still: once in so many, up to this time.
    freezes: (usize, Duration),
}

/// The fate of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    RolledBack,
    AnswerLost,
    /// The client hears that the connection broke, and the commit comes later.
    CommittedLate,
}

impl Database {
    pub(crate) fn new(schedule: &Arc<Schedule>, faults: usize) -> Arc<Self> {
        let (committed, faults) = (Mutex::default(), Mutex::new(faults));
        Arc::new(Self { schedule: Arc::clone(schedule), committed, faults })
    }

    pub(crate) fn client(self: &Arc<Self>, freezes: (usize, Duration)) -> Client {
        Client { database: Arc::clone(self), freezes }
    }

    /// Ends all faults.
    pub(crate) fn heal(&self) {
        *self.faults.lock() = 0;
    }

    /// Returns the product's version after the first commit of a delivery.
    pub(crate) fn version_of(&self, delivery: &Delivery) -> Option<i64> {
        self.committed.lock().deliveries.get(delivery).copied()
    }

    /// Returns the products whose refresh is pending.
    pub(crate) fn pending(&self) -> Vec<ProductVersion> {
        self.committed.lock().tables.pending(usize::MAX)
    }

    pub(crate) fn view(&self, sku: &str) -> Option<View> {
        self.committed.lock().tables.views(&[sku]).pop()
    }

    /// Returns the view that a product had in this version.
    pub(crate) fn view_as_of(&self, sku: &str, version: i64) -> Option<String> {
        self.committed.lock().views.get(&(sku.to_owned(), version)).cloned()
    }

    pub(crate) fn skus(&self) -> Vec<String> {
        self.committed.lock().tables.skus()
    }

    /// Carries out a transaction on a task of its own, which goes on if the client does not.
    async fn transaction<T: 'static>(self: &Arc<Self>, work: impl FnOnce(&Self) -> T + 'static) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let database = Arc::clone(self);
        self.schedule.spawn(async move {
            let schedule = &database.schedule;
            schedule.pause().await;
            let fate = database.fate();
            match fate {
                Fate::RolledBack => drop(answer.send(Err(unreachable()))),
                Fate::CommittedLate => {
                    drop(answer.send(Err(unreachable())));
                    sleep(schedule.up_to(LATE)).await;
                    work(&database);
                    schedule.note("database: the commit came late");
                }
                // The server may notice that the client has gone, or have everything already.
                Fate::Answered if answer.is_closed() && schedule.one_in(2) => schedule.note("database: rolled back"),
                Fate::Answered | Fate::AnswerLost => {
                    let done = work(&database);
                    schedule.pause().await;
                    let lost = fate == Fate::AnswerLost;
                    drop(answer.send(if lost { Err(unreachable()) } else { Ok(done) }));
                }
            }
        });
        let answer = timeout(TRANSACTION_LIMIT, answered).await.map_err(|_| too_slow())?;
        answer.unwrap_or_else(|_| Err(unreachable()))
    }

    fn fate(&self) -> Fate {
        let faults = *self.faults.lock();
        if !self.schedule.one_in(faults) {
            return Fate::Answered;
        }
        let fate = [Fate::RolledBack, Fate::AnswerLost, Fate::CommittedLate][self.schedule.below(3)];
        self.schedule.note(format!("database: {fate:?}"));
        fate
    }

    fn commit(&self, events: &[Event]) -> Applied {
        let events: Vec<&Event> = events.iter().collect();
        let committed = &mut *self.committed.lock();
        let applied = committed.tables.apply(&events, self.schedule.now());
        let versions: HashMap<&str, i64> =
            applied.products.iter().map(|product| (product.sku.as_str(), product.version)).collect();
        for (event, outcome) in events.iter().zip(&applied.outcomes) {
            if !matches!(outcome, EventOutcome::Rejected(_)) {
                // A planted mistake may leave a product out.
                let version = versions.get(event.sku.as_str()).copied();
                let version = version.or_else(|| Some(committed.tables.views(&[event.sku.as_str()]).pop()?.version));
                committed.deliveries.entry(delivery(event)).or_insert(version.unwrap_or_default());
            }
        }
        let mut changed = Vec::new();
        for event in &events {
            for View { sku, version, json } in committed.tables.views(&[event.sku.as_str()]) {
                if committed.views.insert((sku.clone(), version), json).is_none() {
                    changed.push(format!("{sku}={version}"));
                }
            }
        }
        self.schedule.note(format!("database: commit of {} events, {}", events.len(), changed.join(" ")));
        applied
    }
}

impl Tables for Client {
    fn set_options(&self, _: PgConnectOptions) {}

    async fn apply(&self, events: &[&Event]) -> Result<Applied, Error> {
        if events.is_empty() {
            return Ok(Applied::default());
        }
        let events: Vec<Event> = events.iter().map(|event| (*event).clone()).collect();
        self.database.transaction(move |database| database.commit(&events)).await
    }

    async fn views(&self, skus: &[&str]) -> Result<Vec<View>, Error> {
        let schedule = &self.database.schedule;
        schedule.pause().await;
        if self.database.fate() != Fate::Answered {
            return Err(unreachable());
        }
        let views = self.database.committed.lock().tables.views(skus);
        schedule.pause().await;
        let (freezes, longest) = self.freezes;
        if schedule.one_in(freezes) {
            // Half of them for a moment only, in which a batch can overtake.
            let time = schedule.up_to(if schedule.one_in(2) { longest } else { OVERTAKEN });
            schedule.note(format!("a process stands still for {time:?}, having read {}", versions(&views)));
            sleep(time).await;
        }
        Ok(views)
    }

    async fn add_pending(&self, products: &[ProductVersion]) -> Result<(), Error> {
        let products = products.to_vec();
        let work = move |database: &Database| {
            database.schedule.note(format!("database: pending {}", skus(&products)));
            database.committed.lock().tables.add_pending(&products);
        };
        self.database.transaction(work).await
    }

    async fn pending(&self, limit: i64) -> Result<Vec<ProductVersion>, Error> {
        self.database.schedule.pause().await;
        if self.database.fate() != Fate::Answered {
            return Err(unreachable());
        }
        let pending = self.database.committed.lock().tables.pending(usize::try_from(limit).expect("positive"));
        self.database.schedule.pause().await;
        Ok(pending)
    }

    async fn settle_pending(&self, products: &[ProductVersion]) -> Result<(), Error> {
        let products = products.to_vec();
        let work = move |database: &Database| {
            database.schedule.note(format!("database: settle {}", skus(&products)));
            database.committed.lock().tables.settle_pending(&products);
        };
        self.database.transaction(work).await
    }
}

fn delivery(event: &Event) -> Delivery {
    let event_type = event.change.event_type().to_owned();
    (event.source(), event_type, event.sku.to_string(), event.id.to_string(), event.time.timestamp_micros())
}

fn versions(views: &[View]) -> String {
    views.iter().map(|view| format!("{}={}", view.sku, view.version)).collect::<Vec<_>>().join(" ")
}

fn skus(products: &[ProductVersion]) -> String {
    products.iter().map(|product| format!("{}={}", product.sku, product.version)).collect::<Vec<_>>().join(" ")
}
