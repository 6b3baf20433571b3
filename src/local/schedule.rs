//! Work that is done again and again while a run goes on.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Work on a schedule. Dropping it cancels the work, even in the middle of it.
#[derive(Debug)]
pub struct Schedule {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Schedule {
    /// Does the work after each period, for the first time when one has passed. Work that takes longer than a period is
    /// not made up for: the next one begins a period after it.
    pub fn every<F>(period: Duration, mut work: impl FnMut() -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut ticks = interval_at(Instant::now() + period, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    biased;
                    () = stopped.cancelled() => return,
                    _ = ticks.tick() => work().await,
                }
            }
        });
        Self { stop, task: AbortOnDropHandle::new(task) }
    }

    /// Ends it, after work that has begun.
    pub async fn end(self) {
        self.stop.cancel();
        self.task.await.ok();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Counts, after half a second.
    fn slow(count: &Arc<AtomicU32>) -> impl Future<Output = ()> + Send + use<> {
        let count = Arc::clone(count);
        async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_done_after_each_period_and_what_has_begun_is_finished() {
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let schedule = Schedule::every(Duration::from_secs(1), move || slow(&counted));
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(count.load(Ordering::Relaxed), 0, "not before a period has passed");
        tokio::time::sleep(Duration::from_millis(2300)).await;
        assert_eq!(count.load(Ordering::Relaxed), 2, "the third has begun");
        schedule.end().await;
        assert_eq!(count.load(Ordering::Relaxed), 3);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_schedule_is_given_up() {
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        drop(Schedule::every(Duration::from_secs(1), move || slow(&counted)));
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(count.load(Ordering::Relaxed), 0);
    }
}
