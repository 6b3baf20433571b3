//! The time that an invocation has.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The time that is kept to report that the rest did not suffice.
const REPORTING_TIME: Duration = Duration::from_secs(1);

/// Returns the instant at which work must stop, so that Lambda never cuts off an invocation with this deadline.
pub fn stop_at(deadline: SystemTime) -> Instant {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now() + left.saturating_sub(REPORTING_TIME)
}
