//! Trying again what heals by itself, for as long as the invocation lasts.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use lambda_runtime::tracing::warn;
use tokio::time::{Instant, timeout_at};

use crate::failure::{Failure, What};

/// The pause after the first attempt; each further one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long one attempt may take. Secrets Manager's client and the connection to PostgreSQL have limits of their own, which say
/// more.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(50);

/// Tries until it succeeds, until it fails in a way that does not heal, or until the time is up; then the last failure stands.
pub async fn until<T, F>(stop_at: Instant, attempt: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut attempt = attempt;
    let in_time = move || {
        let ends_at = stop_at.min(Instant::now() + LONGEST_ATTEMPT);
        let attempt = timeout_at(ends_at, attempt());
        async move { attempt.await.unwrap_or_else(|_| Err(Failure::new(What::DatabaseUnreachable, UNANSWERED))) }
    };
    let pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_jitter()
        .without_max_times();
    in_time
        .retry(pauses)
        .when(|failure| failure.what.heals() && Instant::now() + 2 * LONGEST_PAUSE < stop_at)
        .notify(|Failure { why, .. }, pause| warn!(why, ?pause, "this is tried again"))
        .await
}

/// What is said of an attempt that was cut off.
const UNANSWERED: &str = "neither Secrets Manager nor PostgreSQL has answered";

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: u64) -> Instant {
        Instant::now() + Duration::from_mins(minutes)
    }

    /// Fails with these, one an attempt, then succeeds.
    async fn fails_with(failures: &[What], stop_at: Instant) -> (Result<(), What>, usize) {
        let mut attempts = 0;
        let result = until(stop_at, || {
            attempts += 1;
            let failure = failures.get(attempts - 1).map(|what| Failure::new(*what, "because"));
            async move { failure.map_or(Ok(()), Err) }
        });
        let result = result.await.map_err(|failure| failure.what);
        (result, attempts)
    }

    #[tokio::test(start_paused = true)]
    async fn what_heals_is_tried_again() {
        let healing = [What::SecretDenied, What::SecretUnreachable, What::DatabaseUnreachable];
        assert_eq!(fails_with(&healing, minutes(5)).await, (Ok(()), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_heal_is_not() {
        for what in What::ALL.into_iter().filter(|what| !what.heals()) {
            let began = Instant::now();
            assert_eq!(fails_with(&[what], minutes(5)).await, (Err(what), 1));
            assert_eq!(began.elapsed(), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_until_the_time_is_almost_up() {
        let began = Instant::now();
        let (result, attempts) = fails_with(&[What::SecretDenied; 1000], minutes(5)).await;
        assert_eq!(result, Err(What::SecretDenied));
        let took = began.elapsed();
        assert!(took < Duration::from_mins(5) && took > Duration::from_secs(4 * 60 + 45), "{took:?}");
        assert!((30..80).contains(&attempts), "{attempts}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_hangs_is_given_up() {
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
