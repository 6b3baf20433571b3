//! `maintain`: on a schedule, tells the cache what it missed, prunes the ledger and says how the tables are doing. Each run does
//! a bounded amount of work; what is left over is the next one's.

use chrono::TimeDelta;
use lambda_runtime::LambdaEvent;
use lambda_runtime::tracing::warn;
use pipegen_contract::metric;
use pipegen_store::Gauges;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::deadline::stop_at;
use crate::failure::Failure;
use crate::logging::chain;
use crate::metrics::MetricLine;
use crate::pending::{DRAINED_AT_A_TIME, drain};
use crate::resources::MaintainResources;
use crate::settings::MaintainSettings;

/// How many times a run drains and prunes at most.
const ROUNDS: u32 = 40;

/// How many rows of the ledger are pruned in one transaction, during which no batch can begin.
const PRUNED_AT_A_TIME: i64 = 5_000;

/// What a row's age must exceed the horizon and the stream's retention by before it is pruned.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Maintained {
    /// Products that the cache was told of.
    pub drained: usize,
    /// Rows of the ledger that are gone.
    pub pruned: u64,
}

/// One run. The event is the schedule's; nothing in it matters.
///
/// # Errors
/// If the database cannot be asked. A cache that cannot be told is no error: what it missed stays pending.
pub async fn handle(event: LambdaEvent<Value>, resources: &MaintainResources) -> Result<Maintained, Failure> {
    let stop_at = stop_at(event.context.deadline());
    let maintained =
        Maintained { drained: drain_some(resources, stop_at).await, pruned: prune_some(resources, stop_at).await? };
    let gauges = resources.database.run(async |store| store.gauges().await).await?;
    report(&event.context.request_id, &maintained, gauges);
    Ok(maintained)
}

async fn drain_some(resources: &MaintainResources, stop_at: Instant) -> usize {
    let mut drained = 0;
    for _ in 0..ROUNDS {
        if Instant::now() >= stop_at {
            break;
        }
        match drain(&resources.database, &resources.cache).await {
            Ok(told) => {
                drained += told;
                if told < DRAINED_AT_A_TIME {
                    break;
                }
            }
            Err(error) => {
                warn!(why = chain(&*error), "pending refreshes are left over");
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
        let some = resources.database.run(async |store| store.prune_ledger(age, PRUNED_AT_A_TIME).await).await?;
        pruned += some;
        if some < PRUNED_AT_A_TIME.unsigned_abs() {
            break;
        }
    }
    Ok(pruned)
}

/// How long ago a row must have been applied to be pruned: longer than any copy of its event can still be on its way.
fn prunable_age(settings: &MaintainSettings) -> TimeDelta {
    settings.horizon + settings.stream_retention + MARGIN
}

fn report(request_id: &str, maintained: &Maintained, gauges: Gauges) {
    let mut line = MetricLine::new("maintained", request_id);
    line.metric(metric::PENDING_AGE, gauges.pending_seconds);
    line.field("pending", gauges.pending);
    line.field("ledger_rows", gauges.ledger_rows);
    line.field("drained", maintained.drained);
    line.field("pruned", maintained.pruned);
    line.write();
}
