//! `maintain`: on a schedule, drains pending refreshes, prunes the ledger, removes what probes have left and reports
//! gauges of the tables. Each run
//! does a bounded amount of work and leaves the rest to the next one.

use chrono::TimeDelta;
use lambda_runtime::LambdaEvent;
use lambda_runtime::tracing::warn;
use pipegen_contract::{metric, probe};
use pipegen_store::Gauges;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::deadline::stop_at;
use crate::failure::Failure;
use crate::logging::chain;
use crate::metrics::MetricLine;
use crate::pending::{DRAIN_LIMIT, drain};
use crate::resources::MaintainResources;
use crate::settings::MaintainSettings;

/// The most times that a run drains and prunes.
const ROUNDS: u32 = 40;

/// The most rows of the ledger that one transaction prunes; no batch can begin meanwhile.
const PRUNE_LIMIT: i64 = 5_000;

/// The time for which a probe's product stays.
const PROBE_AGE: TimeDelta = TimeDelta::seconds(probe::KEPT_SECONDS as i64);

/// The most products of probes that a run removes. A probe makes one.
const PROBES: i32 = 100;

/// The time by which a row's age must exceed the horizon plus the stream's retention before it is pruned.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// The result of a run.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct MaintainSummary {
    /// The number of products whose entries were refreshed.
    pub drained: usize,
    /// The number of rows that were removed from the ledger.
    pub pruned: u64,
    /// The number of products of probes that were removed from the catalog.
    pub probes: i64,
}

/// Does one run. The event is the schedule's and is ignored.
///
/// # Errors
/// If the database fails. A cache that fails is not an error: the refreshes stay pending.
pub async fn handle(event: LambdaEvent<Value>, resources: &MaintainResources) -> Result<MaintainSummary, Failure> {
    let stop_at = stop_at(event.context.deadline());
    let summary = MaintainSummary {
        drained: drain_some(resources, stop_at).await,
        pruned: prune_some(resources, stop_at).await?,
        probes: resources.database.run(async |store| store.forget_probes(PROBE_AGE, PROBES).await).await?,
    };
    let gauges = resources.database.run(async |store| store.gauges().await).await?;
    report(&event.context.request_id, &summary, gauges);
    Ok(summary)
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

async fn prune_some(resources: &MaintainResources, stop_at: Instant) -> Result<u64, Failure> {
    let age = prunable_age(&resources.settings);
    let mut pruned = 0;
    for _ in 0..ROUNDS {
        if Instant::now() >= stop_at {
            break;
        }
        let count = resources.database.run(async |store| store.prune_ledger(age, PRUNE_LIMIT).await).await?;
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
    line.field("probes", summary.probes);
    line.write();
}
