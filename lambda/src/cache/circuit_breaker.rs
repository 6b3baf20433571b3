//! The circuit breaker: after a failure the cache is not called for a second, so that not every batch and every read waits
//! for a dead cache.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The time for which the circuit stays open after a failure.
const OPEN_FOR: Duration = Duration::from_secs(1);

/// The state after the last failure. While the circuit is open, calls fail at once.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open_until: Option<Instant>,
    missed_refreshes: bool,
}

impl CircuitBreaker {
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.state.lock().open_until.is_some_and(|until| now < until)
    }

    /// Opens the circuit.
    pub(super) fn failed(&self, now: Instant) {
        *self.state.lock() = State { open_until: Some(now + OPEN_FOR), missed_refreshes: true };
    }

    /// Returns true if there was a failure since [`Self::caught_up`] was last called.
    pub(super) fn missed_refreshes(&self) -> bool {
        self.state.lock().missed_refreshes
    }

    /// Notes that every refresh that the cache missed has been made up for.
    pub(super) fn caught_up(&self) {
        self.state.lock().missed_refreshes = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_for_a_second() {
        let (breaker, start) = (CircuitBreaker::default(), Instant::now());
        assert!(!breaker.is_open(start) && !breaker.missed_refreshes());
        breaker.failed(start);
        assert!(breaker.is_open(start + Duration::from_millis(999)));
        assert!(!breaker.is_open(start + OPEN_FOR));
        assert!(breaker.missed_refreshes(), "closing the circuit makes up for nothing");
        breaker.caught_up();
        assert!(!breaker.missed_refreshes());
    }
}
