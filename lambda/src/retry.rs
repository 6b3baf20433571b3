//! Retries of transient failures, for as long as the invocation lasts.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use lambda_runtime::tracing::warn;
use tokio::time::{Instant, timeout_at};

use crate::failure::{Failure, FailureKind};

/// The delay after the first attempt; each further one is twice as long, up to the longest.
const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// The time limit of one attempt. Secrets Manager's client and the connection to PostgreSQL have shorter ones, with
/// errors that say more.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(50);

/// Runs attempts until one succeeds, fails in a way that is not transient, or the time is almost up. Returns the last
/// result.
pub async fn until<T, F>(stop_at: Instant, attempt: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut attempt = attempt;
    let with_timeout = move || {
        let ends_at = stop_at.min(Instant::now() + ATTEMPT_TIMEOUT);
        let attempt = timeout_at(ends_at, attempt());
        async move {
            attempt.await.unwrap_or_else(|_| Err(Failure::new(FailureKind::DatabaseUnreachable, ATTEMPT_TIMED_OUT)))
        }
    };
    let delays = ExponentialBuilder::default()
        .with_min_delay(FIRST_DELAY)
        .with_max_delay(LONGEST_DELAY)
        .with_jitter()
        .without_max_times();
    with_timeout
        .retry(delays)
        .when(|failure| failure.kind.is_transient() && Instant::now() + 2 * LONGEST_DELAY < stop_at)
        .notify(|Failure { message, .. }, delay| warn!(why = message, ?delay, "an attempt failed and is retried"))
        .await
}

/// The message of an attempt that was cut off.
const ATTEMPT_TIMED_OUT: &str = "neither Secrets Manager nor PostgreSQL has responded";

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: u64) -> Instant {
        Instant::now() + Duration::from_mins(minutes)
    }

    /// Runs attempts that fail with these kinds, one each, then succeed. Returns the result and the number of attempts.
    async fn fails_with(failures: &[FailureKind], stop_at: Instant) -> (Result<(), FailureKind>, usize) {
        let mut attempts = 0;
        let result = until(stop_at, || {
            attempts += 1;
            let failure = failures.get(attempts - 1).map(|kind| Failure::new(*kind, "because"));
            async move { failure.map_or(Ok(()), Err) }
        });
        let result = result.await.map_err(|failure| failure.kind);
        (result, attempts)
    }

    #[tokio::test(start_paused = true)]
    async fn transient_failures_are_retried() {
        let transient = [FailureKind::SecretDenied, FailureKind::SecretUnreachable, FailureKind::DatabaseUnreachable];
        assert_eq!(fails_with(&transient, minutes(5)).await, (Ok(()), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn other_failures_are_not_retried() {
        for kind in FailureKind::ALL.into_iter().filter(|kind| !kind.is_transient()) {
            let began = Instant::now();
            assert_eq!(fails_with(&[kind], minutes(5)).await, (Err(kind), 1));
            assert_eq!(began.elapsed(), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retries_go_on_until_the_time_is_almost_up() {
        let began = Instant::now();
        let (result, attempts) = fails_with(&[FailureKind::SecretDenied; 1000], minutes(5)).await;
        assert_eq!(result, Err(FailureKind::SecretDenied));
        let took = began.elapsed();
        assert!(took < Duration::from_mins(5) && took > Duration::from_secs(4 * 60 + 45), "{took:?}");
        assert!((30..80).contains(&attempts), "{attempts}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_hangs_is_cut_off() {
        let mut attempts = 0;
        let result = until(minutes(5), || {
            attempts += 1;
            let hangs = attempts == 1;
            async move { if hangs { std::future::pending().await } else { Ok(()) } }
        });
        assert!(result.await.is_ok());
        assert_eq!(attempts, 2);
    }
}
