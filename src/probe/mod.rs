//! Tries a living stack: puts events of a reserved supplier on its stream and watches them come out.
//!
//! - `canary`: the events
//! - [`hop`]: a step of their way, and its outcome
//! - `catalog`: the product in the catalog, and in its cache
//! - `objects`: the rejected event in the quarantine, the records in the archive
//! - [`report`]: all hops, as text and as JSON

mod canary;
mod catalog;
pub mod hop;
mod objects;
pub mod report;

use std::time::{Duration, Instant};

use crate::archive::bucket::Bucket;
use crate::archive::line::Kind;
use crate::archive::source::Source;
use crate::aws::Account;
use crate::aws::put_records::StreamWriter;
use crate::aws::put_request::Placed;
use canary::Canary;
use hop::{Hop, HopReport, Outcome};
use objects::Wanted;
use report::ProbeReport;

/// A probe of one stack.
#[derive(Debug)]
pub struct Probe {
    pub account: Account,
    /// The catalog's address; `None` asks Lambda for it.
    pub catalog_url: Option<String>,
    /// The longest that is waited for anything to come out.
    pub timeout: Duration,
}

/// The time until which something is waited for, counted from when the events were on the stream.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Instant,
    timeout: Duration,
}

impl Waiting {
    fn elapsed(self) -> Duration {
        self.since.elapsed()
    }

    fn is_over(self) -> bool {
        self.elapsed() >= self.timeout
    }
}

impl Probe {
    /// Puts the events and watches them. `reached` hears of each hop as soon as its outcome is known.
    pub async fn run(&self, reached: impl Fn(&HopReport)) -> ProbeReport {
        let canary = Canary::new();
        let begun = Instant::now();
        let put = tokio::time::timeout(self.timeout, self.put(&canary)).await;
        let put = put.unwrap_or_else(|_| Err(anyhow::anyhow!("the stream did not take the records in time")));
        let waiting = Waiting { since: Instant::now(), timeout: self.timeout };
        let heard = |report: HopReport| {
            reached(&report);
            report
        };
        let places = match put {
            Ok(places) => places,
            Err(error) => {
                let failed = heard(HopReport::new(Hop::Stream, Outcome::failed(&error)));
                let others = Hop::ALL.into_iter().skip(1).map(|hop| heard(HopReport::new(hop, Outcome::Skipped)));
                return ProbeReport::new(&self.account, &canary.sku, [failed].into_iter().chain(others).collect());
            }
        };
        let on_stream = Outcome::Passed { after: begun.elapsed(), detail: format!("on {}", places.accepted.shard) };
        let stream = heard(HopReport::new(Hop::Stream, on_stream));
        let (catalog, quarantine, archive) = tokio::join!(
            async {
                let [catalog, cache] = catalog::watch(self, &canary, waiting).await;
                [heard(HopReport::new(Hop::Catalog, catalog)), heard(HopReport::new(Hop::Cache, cache))]
            },
            async {
                let wanted = Wanted { kind: Kind::Quarantine, place: &places.rejected, data: &canary.rejected };
                let outcome =
                    Box::pin(objects::watch(&wanted, self.account.quarantine_bucket(), &self.account, waiting)).await;
                heard(HopReport::new(Hop::Quarantine, outcome))
            },
            async {
                let wanted = Wanted { kind: Kind::Archive, place: &places.accepted, data: &canary.accepted };
                let outcome =
                    Box::pin(objects::watch(&wanted, self.account.archive_bucket(), &self.account, waiting)).await;
                heard(HopReport::new(Hop::Archive, outcome))
            },
        );
        let [catalog, cache] = catalog;
        ProbeReport::new(&self.account, &canary.sku, vec![stream, catalog, cache, quarantine, archive])
    }

    async fn put(&self, canary: &Canary) -> anyhow::Result<Places> {
        let mut writer = StreamWriter::new(self.account.kinesis(), self.account.stream());
        for record in canary.records() {
            writer.add(record).await?;
        }
        let placed = writer.flush().await?;
        let [accepted, rejected] = <[Placed; 2]>::try_from(placed)
            .map_err(|placed| anyhow::anyhow!("the stream took {} of 2 records", placed.len()))?;
        Ok(Places { accepted, rejected })
    }
}

/// The places of the records on the stream.
struct Places {
    accepted: Placed,
    rejected: Placed,
}

/// Returns a bucket to read objects from.
fn bucket(account: &Account, name: String) -> Source {
    Source::Bucket(Bucket::new(account.s3(), name))
}
