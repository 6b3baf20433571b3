//! Work that is done again and again while a run goes on.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval_at};

/// Work on a schedule. When this is dropped it is given up wherever it is.
#[derive(Debug)]
pub struct Schedule {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Schedule {
    /// Does the work after each period, for the first time when one has passed. Work that takes longer than a period is not made up
    /// for: the next one begins a period after it.
    pub fn every<F>(period: Duration, mut work: impl FnMut() -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    biased;
                    _ = stopped.changed() => return,
                    _ = ticks.tick() => work().await,
                }
            }
        });
        Self { stop, task: Some(task) }
    }

    /// Ends it, after what has been begun.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            task.await.ok();
        }
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
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
