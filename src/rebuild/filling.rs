//! The records of the archive, applied to an empty catalog.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use futures_util::future::try_join_all;
use pipegen_contract::probe;
use pipegen_event::{Event, decode};
use pipegen_store::{Error, ErrorKind, EventOutcome, Store};
use serde::Serialize;

use super::database::UnfinishedCatalog;
use super::rules::Rules;
use crate::archive::line::{Kind, Line};
use crate::archive::merged::each_line;
use crate::archive::source::Source;
use crate::archive::time_range::TimeRange;

/// The connections, each with products of its own, so that none waits for another one's locks.
const LANES: usize = 4;
/// The events that are applied at a time, in all lanes.
const BATCH: usize = 8000;

/// The retries of a lane's batch while the server is too busy to take a connection or to answer in time, and the delay
/// before the first; the delays double, so that all take a minute.
const RETRIES: usize = 6;
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The outcomes of the archive's events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filled {
    pub records: u64,
    pub events: u64,
    pub applied: u64,
    pub stale: u64,
    pub duplicate: u64,
    /// By reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Events of probes: what they leave in the catalog is removed after a while, so they are left out.
    pub probes: u64,
}

/// Applies every record of the range once, in the archive's order. `progress` hears of each batch.
pub async fn fill(
    catalog: &mut UnfinishedCatalog,
    archive: &Source,
    range: &TimeRange,
    rules: &Rules,
    mut progress: impl FnMut(&Filled),
) -> anyhow::Result<Filled> {
    let store = Store::new(catalog.options.clone(), u32::try_from(LANES)?);
    let mut batch = Batch { store, lanes: vec![Vec::new(); LANES], filled: Filled::default() };
    each_line(
        archive,
        Kind::Archive,
        range,
        |_: &Line<'_>| true,
        async |_, line| {
            let line = Line::parse(Kind::Archive, line).map_err(anyhow::Error::msg)?;
            batch.add(&line, rules);
            if batch.lanes.iter().map(Vec::len).sum::<usize>() >= BATCH {
                batch.apply().await?;
                catalog.hold().await?;
                progress(&batch.filled);
            }
            Ok(true)
        },
    )
    .await?;
    batch.apply().await?;
    Ok(batch.filled)
}

/// Events that are still to be applied, by lane.
struct Batch {
    store: Store,
    lanes: Vec<Vec<Event>>,
    filled: Filled,
}

impl Batch {
    fn add(&mut self, line: &Line<'_>, rules: &Rules) {
        self.filled.records += 1;
        for decoded in decode(&line.data, line.arrived_at, rules.horizon) {
            self.filled.events += 1;
            let refused = match &decoded.outcome {
                Ok(event) => rules.refuse(event),
                Err(rejection) => Some(rejection.reason),
            };
            match (refused, decoded.outcome) {
                (Some(reason), _) => *self.filled.rejected.entry(reason.as_str()).or_default() += 1,
                (None, Ok(event)) if event.supplier.as_str() == probe::SUPPLIER => self.filled.probes += 1,
                (None, Ok(event)) => self.lanes[lane(event.sku.as_str())].push(event),
                (None, Err(_)) => {}
            }
        }
    }

    /// Applies all lanes at once. A batch whose commit was not answered comes again as duplicates.
    async fn apply(&mut self) -> anyhow::Result<()> {
        let lanes = self.lanes.iter().map(async |events| {
            let events: Vec<&Event> = events.iter().collect();
            let delays = ExponentialBuilder::default().with_min_delay(RETRY_DELAY).with_max_times(RETRIES);
            (|| self.store.apply(&events)).retry(delays).when(may_pass).await
        });
        for applied in try_join_all(lanes).await? {
            for outcome in applied.outcomes {
                match outcome {
                    EventOutcome::Applied => self.filled.applied += 1,
                    EventOutcome::Stale => self.filled.stale += 1,
                    EventOutcome::Duplicate => self.filled.duplicate += 1,
                    EventOutcome::Rejected(rejection) => {
                        *self.filled.rejected.entry(rejection.reason.as_str()).or_default() += 1;
                    }
                }
            }
        }
        self.lanes.iter_mut().for_each(Vec::clear);
        Ok(())
    }
}

/// Tells whether the same batch may be applied a little later.
fn may_pass(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Conflict | ErrorKind::TooManyConnections | ErrorKind::TooSlow | ErrorKind::Unreachable => true,
        ErrorKind::Data | ErrorKind::LoginRefused | ErrorKind::NotPrepared | ErrorKind::Unfit | ErrorKind::Other => {
            false
        }
    }
}

/// Returns the lane of a product.
fn lane(sku: &str) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(sku);
    usize::try_from(hash % LANES as u64).unwrap_or_default()
}
