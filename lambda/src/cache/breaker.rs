//! A circuit breaker: after a failure the cache is left alone for a moment, so that a dead cache costs one timeout a second
//! and not one a batch.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the cache is left alone after a failure.
const LEFT_ALONE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open_until: Option<Instant>,
    missed: bool,
}

impl Breaker {
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.state().open_until.is_some_and(|until| now < until)
    }

    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.open_until = Some(now + LEFT_ALONE);
        state.missed = true;
    }

    pub(super) fn has_missed(&self) -> bool {
        self.state().missed
    }

    pub(super) fn caught_up(&self) {
        self.state().missed = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Two plain fields cannot be left half-written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_for_a_second() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        assert!(!breaker.is_open(start) && !breaker.has_missed());
        breaker.failed(start);
        assert!(breaker.is_open(start + Duration::from_millis(999)));
        assert!(!breaker.is_open(start + LEFT_ALONE));
        assert!(breaker.has_missed(), "what was missed is still to be told");
        breaker.caught_up();
        assert!(!breaker.has_missed());
    }
}
