//! The rejected event in the quarantine, the records in the archive.

use std::future::Future;
use std::time::Duration;

use chrono::{TimeDelta, Utc};

use super::hop::Outcome;
use super::{Waiting, bucket};
use crate::archive::line::Kind;
use crate::archive::lookup::find;
use crate::archive::time_range::TimeRange;
use crate::aws::Account;
use crate::aws::put_request::Placed;

/// The pause between two looks into a bucket.
const PAUSE: Duration = Duration::from_secs(2);

/// The clocks of this machine and of the stream may differ by so much.
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::minutes(5);

/// A line that must come into a bucket.
pub(super) struct Wanted<'a> {
    pub(super) kind: Kind,
    pub(super) place: &'a Placed,
    pub(super) data: &'a [u8],
}

/// Watches for an object with the line.
pub(super) async fn watch(
    wanted: &Wanted<'_>,
    name: impl Future<Output = anyhow::Result<String>>,
    account: &Account,
    waiting: Waiting,
) -> Outcome {
    let looked = async {
        let source = bucket(account, name.await?);
        let range = TimeRange { from: Some(Utc::now() - CLOCK_DIFFERENCE), to: None };
        let Placed { shard, sequence_number } = wanted.place;
        loop {
            if let Some(found) = find(&source, wanted.kind, &range, shard, sequence_number).await? {
                anyhow::ensure!(
                    found.data == wanted.data,
                    "{} holds other bytes than were put on the stream: verify it with `pipegen archive verify`",
                    found.key
                );
                return Ok(Outcome::Passed { after: waiting.elapsed(), detail: found.key });
            }
            if waiting.is_over() {
                let seen = format!("no object with {shard} {sequence_number}");
                return Ok(Outcome::Missing { waited: waiting.elapsed(), seen });
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    looked.await.unwrap_or_else(|error| Outcome::failed(&error))
}
