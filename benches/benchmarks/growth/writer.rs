//! A catalog that gets batches, as one function instance applies them.

use std::time::Instant;

use anyhow::{Result, ensure};
use pipegen_store::Store;
use sqlx::ConnectOptions as _;
use tokio::runtime::Runtime;

use super::filled::fill;
use crate::expected::ExpectedCatalog;
use crate::inputs::Inputs;
use crate::processes::{cpu, cpu_of_this_thread, sessions};
use crate::progress::Bar;
use crate::results::Group;
use crate::throwaway::Throwaway;
use crate::traffic::{Change, FIRST_LEVEL, Mix, Traffic, all_taken};

/// The events of a batch.
const BATCH: usize = 500;
/// The batches of a round that are measured, and those before, which bring the database's pages back into its memory.
const BATCHES: usize = 40;
const WARM_UP: usize = 8;

/// One catalog in a database of its own.
pub(super) struct Writer {
    pub(super) name: String,
    pub(super) database: String,
    pub(super) store: Store,
    traffic: Traffic,
    levels: ExpectedCatalog,
}

/// The speed of a round.
pub(super) struct Speed {
    pub(super) events_per_second: f64,
    /// CPU of the session in PostgreSQL and of this process, in microseconds for each event.
    pub(super) database_cpu: f64,
    pub(super) own_cpu: f64,
}

impl Writer {
    /// Creates the catalog and fills it.
    pub(super) fn filled(
        throwaway: &Throwaway,
        name: String,
        database: &str,
        (products, suppliers_of_each): (u64, u64),
        mix: Mix,
    ) -> Result<Self> {
        let bar = Bar::new(&name, usize::try_from(products)?);
        throwaway.runtime.block_on(async {
            throwaway.create_database(database).await?;
            let mut admin = throwaway.options(database)?.connect().await?;
            fill(&mut admin, products, suppliers_of_each, |done| bar.reach(done)).await
        })?;
        let store = Store::new(throwaway.options(database)?.application_name(database), 1);
        let traffic = Traffic::new(products, suppliers_of_each, mix)?;
        Ok(Self { name, database: database.to_owned(), store, traffic, levels: ExpectedCatalog::filled(FIRST_LEVEL) })
    }

    /// Applies batches, and checks that the catalog has what they say.
    pub(super) fn round(&mut self, throwaway: &Throwaway, runtime: &Runtime, inputs: &Inputs) -> Result<Speed> {
        let (warm_up, measured) = (inputs.size(WARM_UP, 1), inputs.size(BATCHES, 4));
        let changes = self.traffic.changes((warm_up + measured) * BATCH);
        let events = changes.iter().map(Change::event).collect::<Result<Vec<_>>>()?;
        let mut batches = events.chunks(BATCH).map(|events| events.iter().collect::<Vec<_>>());
        let speed = runtime.block_on(async {
            for batch in batches.by_ref().take(warm_up) {
                all_taken(&self.store.apply(&batch).await?)?;
            }
            let mut admin = throwaway.options(&self.database)?.connect().await?;
            let [session] = *sessions(&mut admin, &self.database).await? else { anyhow::bail!("not one session") };
            let (database_cpu, own_cpu) = (cpu(session)?, cpu_of_this_thread()?);
            let (started, mut applied) = (Instant::now(), 0);
            for batch in batches {
                all_taken(&self.store.apply(&batch).await?)?;
                applied += batch.len();
            }
            let time = started.elapsed();
            ensure!(applied == measured * BATCH, "{applied} events were applied");
            let count = f64::from(u32::try_from(applied)?);
            anyhow::Ok(Speed {
                events_per_second: count / time.as_secs_f64(),
                database_cpu: cpu(session)?.saturating_sub(database_cpu).as_secs_f64() * 1e6 / count,
                own_cpu: cpu_of_this_thread()?.saturating_sub(own_cpu).as_secs_f64() * 1e6 / count,
            })
        })?;
        self.levels.expect(&changes);
        runtime.block_on(self.levels.check(&self.store))?;
        Ok(speed)
    }
}

/// Makes the groups of some catalogs' speeds, the events per second first.
pub(super) fn groups(names: &[String], rounds: &[Vec<Speed>], reference: &str) -> Vec<Group> {
    let group = |title: &str, unit, value: fn(&Speed) -> f64| {
        let group = names.iter().zip(rounds).fold(Group::new(title, unit), |group, (name, speeds)| {
            group.with(name, speeds.iter().map(value).collect())
        });
        group.beside(reference)
    };
    vec![
        group("events applied, batches of 500, one connection", "events/s", |speed| speed.events_per_second),
        group("CPU of the session in PostgreSQL", "µs/event", |speed| speed.database_cpu),
        group("CPU of the process that applies them", "µs/event", |speed| speed.own_cpu),
    ]
}
