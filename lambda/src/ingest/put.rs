//! Requests to the stream, until it has every record or the time is up.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use lambda_runtime::tracing::warn;
use tokio::time::{Instant, sleep, timeout_at};

use crate::failure::Failure;
use crate::stream::{NewRecord, Put, PutError};

/// The limits of a request: records, and bytes with their keys. (Kinesis has taken 10 MiB since October 2025; with half
/// of it, half as much memory is needed for a request.)
const REQUEST_RECORDS: usize = 500;
const REQUEST_BYTES: usize = 5 * 1024 * 1024;

/// The delay after the first attempt; each further one is twice as long, up to the longest.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// Puts all records with `put`, which makes one request. What fails is retried until `stop_at`. Returns the outcome of
/// each.
///
/// # Errors
/// If an error cannot pass by itself. Some records may be on the stream.
pub(super) async fn put_all(
    records: &[NewRecord<'_>],
    stop_at: Instant,
    put: impl AsyncFn(&[&NewRecord<'_>]) -> Result<Vec<Put>, PutError>,
) -> Result<Vec<Put>, Failure> {
    let mut outcomes: Vec<Put> = vec![Err("Timeout".to_owned()); records.len()];
    let mut missing: Vec<usize> = (0..records.len()).collect();
    let delays = ExponentialBuilder::default().with_min_delay(FIRST_DELAY).with_max_delay(LONGEST_DELAY);
    let mut delays = delays.with_jitter().without_max_times().build();
    loop {
        for request in requests(&missing, records) {
            let chosen: Vec<_> = request.iter().map(|index| &records[*index]).collect();
            match timeout_at(stop_at, put(&chosen)).await {
                Ok(Ok(results)) => {
                    for (index, result) in request.iter().zip(results) {
                        outcomes[*index] = result;
                    }
                }
                Ok(Err(PutError::Transient(code))) => {
                    for index in request {
                        outcomes[*index] = Err(code.clone());
                    }
                    // The next request would fare no better now.
                    break;
                }
                Ok(Err(PutError::Permanent(failure))) => return Err(failure),
                Err(_out_of_time) => return Ok(outcomes),
            }
        }
        missing.retain(|index| outcomes[*index].is_err());
        let Some(code) = missing.first().and_then(|index| outcomes[*index].as_ref().err()) else { return Ok(outcomes) };
        let delay = delays.next().unwrap_or(LONGEST_DELAY);
        warn!(missing = missing.len(), code, ?delay, "records are not on the stream yet");
        if Instant::now() + delay >= stop_at {
            return Ok(outcomes);
        }
        sleep(delay).await;
    }
}

/// Cuts the records with these indexes into requests, in order.
fn requests<'a>(mut indexes: &'a [usize], records: &'a [NewRecord<'_>]) -> impl Iterator<Item = &'a [usize]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |index: &&usize| {
            bytes += records[**index].size();
            bytes <= REQUEST_BYTES
        };
        // One record always fits: an event has at most 256 KiB.
        let count = indexes.iter().take(REQUEST_RECORDS).take_while(fits).count();
        let (request, rest) = indexes.split_at(count);
        indexes = rest;
        (!request.is_empty()).then_some(request)
    })
}

#[cfg(test)]
mod tests;
