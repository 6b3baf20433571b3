//! How long an invocation may work.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// What is left of an invocation's time to report that the rest of it did not suffice.
const REPORTING_TIME: Duration = Duration::from_secs(1);

/// When work must stop so that an invocation with this deadline is never cut off.
pub fn stop_at(deadline: SystemTime) -> Instant {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now() + left.saturating_sub(REPORTING_TIME)
}
