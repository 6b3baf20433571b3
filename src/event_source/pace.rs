//! The pace of a file whose records are played at a steady rate.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// The number of times in a second that records are sent, where there are so many.
const TICKS: u32 = 50;

/// A number of records a second.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    rate: NonZeroU32,
    /// The time at which the records that were sent are used up.
    due: Option<Instant>,
}

impl Pace {
    pub fn new(rate: NonZeroU32) -> Self {
        Self { rate, due: None }
    }

    /// Returns the number of records that are sent together, so that the pace is even.
    pub(super) fn together(self) -> usize {
        usize::try_from(self.rate.get() / TICKS).unwrap_or(usize::MAX).max(1)
    }

    /// Returns how long to wait before these records are sent. What was held up is not made up for.
    pub(super) fn wait(&mut self, records: usize, now: Instant) -> Duration {
        let begin = self.due.map_or(now, |due| due.max(now));
        let lasts = Duration::from_secs_f64(u32::try_from(records).map_or(0.0, f64::from) / f64::from(self.rate.get()));
        self.due = Some(begin + lasts);
        begin.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(rate: u32) -> Pace {
        Pace::new(NonZeroU32::new(rate).expect("not 0"))
    }

    #[test]
    fn records_are_spread_evenly() {
        for (rate, together) in [(1, 1), (10, 1), (99, 1), (100, 2), (10_000, 200)] {
            let (mut pace, begin) = (pace(rate), Instant::now());
            assert_eq!(pace.together(), together, "{rate}");
            let mut now = begin;
            let mut sent = 0;
            while sent < 3 * rate {
                now += pace.wait(together, now);
                sent += u32::try_from(together).expect("small");
            }
            let last = f64::from(sent - u32::try_from(together).expect("small")) / f64::from(rate);
            assert!(((now - begin).as_secs_f64() - last).abs() < 0.001, "{rate}: {:?}", now - begin);
        }
    }

    #[test]
    fn what_was_held_up_is_not_made_up_for() {
        let (mut pace, begin) = (pace(10), Instant::now());
        assert_eq!(pace.wait(1, begin), Duration::ZERO);
        assert_eq!(pace.wait(1, begin), Duration::from_millis(100));
        let later = begin + Duration::from_mins(1);
        assert_eq!(pace.wait(1, later), Duration::ZERO);
        assert_eq!(pace.wait(1, later), Duration::from_millis(100));
    }
}
