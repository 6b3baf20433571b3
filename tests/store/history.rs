//! One history: round after round, each judged when everything is at rest.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use pipegen_store::Store;
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use crate::catalog::Catalog;
use crate::follower::Follower;
use crate::journal::{Figures, Journal};
use crate::plan::{Plan, Round, SESSIONS};
use crate::readers::read;
use crate::sessions::Session;
use crate::verdict::{self, Before};

/// The readers of a history.
const READERS: u64 = 2;

/// The time in which sessions whose clients are gone end.
const ENDED: Duration = Duration::from_secs(10);

/// The rounds in which pending versions are drained at the end.
const DRAINS: usize = 20;

/// Runs a plan's history in an empty database, and judges it.
pub(crate) async fn history(plan: &Plan, url: String) -> (Result<()>, Figures) {
    let journal = Journal::default();
    // A mistake in a check is told as one of this seed, and does not end the others.
    let recorded = AssertUnwindSafe(record(plan, url, &journal)).catch_unwind().await;
    let outcome = recorded.unwrap_or_else(|_| Err(anyhow!("the harness panicked")));
    let outcome = outcome.map_err(|error| match error.downcast_ref::<sqlx::Error>() {
        Some(_) => error.context("a session of the harness failed"),
        None => error,
    });
    let figures = journal.told.lock().figures;
    (outcome, figures)
}

/// The stores of all that use a catalog.
struct Users {
    sessions: Vec<Store>,
    readers: Vec<Store>,
    followers: Vec<(Follower, Store)>,
}

async fn record(plan: &Plan, url: String, journal: &Journal) -> Result<()> {
    let mut catalog = Catalog::prepare(url, plan).await?;
    let mut admin = catalog.connect().await?;
    let mut users = Users {
        sessions: (0..SESSIONS).map(|_| catalog.store()).collect(),
        readers: (0..READERS).map(|_| catalog.store()).collect(),
        followers: [false, true].map(|forgetful| (Follower::new(forgetful), catalog.store())).into(),
    };
    for (round, number) in plan.rounds.iter().zip(1..) {
        let before = Before { floor: catalog.floor(&mut admin).await? };
        run(round, plan.seed ^ (number << 32), &catalog, journal, &mut users).await?;
        catalog.rest(&mut admin).await?;
        verdict::seen_is(journal)?;
        verdict::followers_know(&mut admin, &mut users.followers, journal).await?;
        verdict::judge(&catalog, &mut admin, journal, &before).await?;
        journal.told.lock().end_round();
        catalog.pass(&mut admin, round.hours).await?;
        let hours = chrono::TimeDelta::hours(round.hours);
        users.followers.iter_mut().for_each(|(follower, _)| follower.pass(hours));
    }
    drain(&users.sessions[0]).await?;
    drop(users);
    let deadlocks = deadlocks(&mut admin).await?;
    journal.told.lock().figures.deadlocks = u64::try_from(deadlocks)?;
    ensure!(plan.has_deadlocks() || deadlocks == 0, "batches ran into {deadlocks} deadlocks among themselves");
    Ok(())
}

/// Does the steps of a round while others read and follow.
async fn run(round: &Round, seed: u64, catalog: &Catalog, journal: &Journal, users: &mut Users) -> Result<()> {
    let stop = &AtomicBool::new(false);
    let sessions = users
        .sessions
        .iter()
        .zip(0..)
        .map(async |(store, number)| Session { catalog, journal, round, store: store.clone() }.run(number).await);
    let sessions = async {
        let done = join_all(sessions).await;
        stop.store(true, Ordering::Relaxed);
        done
    };
    let readers = users.readers.iter().zip(1..).map(|(store, number)| read(store, seed ^ number, journal, stop));
    let followers = users.followers.iter_mut().zip(7..);
    let followers = followers.map(|((follower, store), number)| follower.follow(store, seed ^ number, journal, stop));
    let (sessions, readers, followers) = tokio::join!(sessions, join_all(readers), join_all(followers));
    sessions.into_iter().chain(readers).chain(followers).collect()
}

/// Settles everything that is pending.
async fn drain(store: &Store) -> Result<()> {
    for _ in 0..DRAINS {
        let pending = store.pending(100).await?;
        if pending.is_empty() {
            return Ok(());
        }
        store.settle_pending(&pending).await?;
    }
    Err(anyhow!("pending versions that are settled stay"))
}

/// Returns the number of deadlocks, once every other session has ended, and reported.
async fn deadlocks(admin: &mut PgConnection) -> Result<i64> {
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let deadline = Instant::now() + ENDED;
    while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut *admin).await? > 0 {
        ensure!(Instant::now() < deadline, "the harness has sessions left");
        sleep(Duration::from_millis(10)).await;
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    Ok(sqlx::query_scalar(deadlocks).fetch_one(admin).await?)
}
