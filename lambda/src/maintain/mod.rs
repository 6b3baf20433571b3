//! `maintain`: on a schedule, drains pending refreshes, prunes the ledger and the changes feed, removes what probes have
//! left, tells crossings of low-stock limits and reports gauges of the tables. Each run does a bounded amount of work and
//! leaves the rest to the next one.

mod crossings;

use chrono::TimeDelta;
use lambda_runtime::LambdaEvent;
use lambda_runtime::tracing::warn;
use pipegen_contract::{metric, probe};
use pipegen_store::Gauges;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::database::DatabaseError;
use crate::deadline::stop_at;
use crate::failure::Failure;
use crate::logging::chain;
use crate::metrics::MetricLine;
use crate::pending::{DRAIN_LIMIT, drain};
use crate::resources::MaintainResources;
use crate::settings::MaintainSettings;

/// The most times that a run does each of its tasks.
const ROUNDS: u32 = 40;

/// The most rows that one transaction prunes; no batch can begin while one prunes the ledger.
const PRUNE_LIMIT: i64 = 5_000;

/// The time for which a probe's product stays.
const PROBE_AGE: TimeDelta = TimeDelta::seconds(probe::KEPT_SECONDS as i64);

/// The most products of probes that a run removes. A probe makes one.
const PROBES: i32 = 100;

/// The time by which a row's age must exceed the horizon plus the stream's retention before it is pruned.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// The time for which a reader of the changes feed may stay away.
const CHANGES_AGE: TimeDelta = TimeDelta::days(7);

/// The result of a run.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct MaintainSummary {
    /// The number of products whose entries were refreshed.
    pub drained: usize,
    /// The number of rows that were removed from the ledger.
    pub pruned: u64,
    /// The number of rows that were removed from the changes feed.
    pub pruned_changes: u64,
    /// The number of products of probes that were removed from the catalog.
    pub probes: i64,
    /// The number of crossings that were told.
    pub crossings: usize,
}

/// Does one run. The event is the schedule's and is ignored.
///
/// # Errors
/// If the database fails; or S3, after everything else is done. A cache that fails is not an error: the refreshes stay
/// pending.
pub async fn handle(event: LambdaEvent<Value>, resources: &MaintainResources) -> Result<MaintainSummary, Failure> {
    let stop_at = stop_at(event.context.deadline());
    let database = &resources.database;
    let age = prunable_age(&resources.settings);
    let mut summary = MaintainSummary {
        drained: drain_some(resources, stop_at).await,
        pruned: prune_some(stop_at, async || database.run(async |on| on.prune_ledger(age, PRUNE_LIMIT).await).await)
            .await?,
        pruned_changes: prune_some(stop_at, async || {
            database.run(async |on| on.prune_changes(CHANGES_AGE, PRUNE_LIMIT).await).await
        })
        .await?,
        probes: database.run(async |store| store.forget_probes(PROBE_AGE, PROBES).await).await?,
        crossings: 0,
    };
    let gauges = database.run(async |store| store.gauges().await).await?;
    // Last, because S3 may be away for long.
    let told = Box::pin(crossings::tell_some(resources, stop_at, &mut summary.crossings)).await;
    report(&event.context.request_id, &summary, gauges);
    told.map(|()| summary)
}

async fn drain_some(resources: &MaintainResources, stop_at: Instant) -> usize {
    let mut drained = 0;
    for _ in 0..ROUNDS {
        if Instant::now() >= stop_at {
            break;
        }
        match drain(&resources.database, &resources.cache).await {
            Ok(count) => {
                drained += count;
                if count < DRAIN_LIMIT {
                    break;
                }
            }
            Err(error) => {
                warn!(why = chain(&*error), "pending refreshes could not be drained");
                break;
            }
        }
    }
    drained
}

/// Prunes again and again until less than [`PRUNE_LIMIT`] is found, and returns the number of rows.
async fn prune_some(stop_at: Instant, prune: impl AsyncFn() -> Result<u64, DatabaseError>) -> Result<u64, Failure> {
    let mut pruned = 0;
    for _ in 0..ROUNDS {
        if Instant::now() >= stop_at {
            break;
        }
        let count = prune().await?;
        pruned += count;
        if count < PRUNE_LIMIT.unsigned_abs() {
            break;
        }
    }
    Ok(pruned)
}

/// Returns the age at which a row is pruned: no copy of its event can still be on its way.
fn prunable_age(settings: &MaintainSettings) -> TimeDelta {
    settings.horizon + settings.stream_retention + MARGIN
}

fn report(request_id: &str, summary: &MaintainSummary, gauges: Gauges) {
    let mut line = MetricLine::new("maintained", request_id);
    line.metric(metric::PENDING_AGE, gauges.pending_seconds);
    line.field("pending", gauges.pending);
    line.field("ledger_rows", gauges.ledger_rows);
    line.field("drained", summary.drained);
    line.field("pruned", summary.pruned);
    line.field("pruned_changes", summary.pruned_changes);
    line.field("probes", summary.probes);
    line.field("crossings", summary.crossings);
    line.write();
}
