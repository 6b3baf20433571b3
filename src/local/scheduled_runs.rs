//! The runs of a scheduled function, and the sum of their answers. `maintain` is the only function that a stack
//! schedules.

use std::iter::Sum;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::lambda_host::{FunctionPool, InvocationOutcome};
use crate::local::schedule::Schedule;
use crate::session::console::Console;

/// The runs of one schedule of the stack.
pub struct ScheduledRuns {
    pool: Arc<FunctionPool>,
    input: Bytes,
    console: Arc<Console>,
    done: Mutex<MaintainTotals>,
}

/// The sums of `maintain`'s answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MaintainTotals {
    /// Runs that came to their end.
    pub runs: u64,
    /// Products whose pending refresh was done.
    pub drained: u64,
    /// Rows of the ledger that were deleted.
    pub pruned: u64,
    /// Crossings of low-stock limits that were told.
    pub crossings: u64,
}

impl Sum for MaintainTotals {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            runs: a.runs + b.runs,
            drained: a.drained + b.drained,
            pruned: a.pruned + b.pruned,
            crossings: a.crossings + b.crossings,
        })
    }
}

/// The function's answer.
#[derive(Deserialize)]
struct MaintainAnswer {
    drained: u64,
    pruned: u64,
    crossings: u64,
}

impl ScheduledRuns {
    /// Creates the runs of a function with this input. None has begun.
    pub fn new(pool: Arc<FunctionPool>, input: Bytes, console: Arc<Console>) -> Self {
        Self { pool, input, console, done: Mutex::default() }
    }

    /// Starts to invoke the function after each period.
    pub fn every(this: &Arc<Self>, period: Duration) -> Schedule {
        let this = Arc::clone(this);
        Schedule::every(period, move || {
            let this = Arc::clone(&this);
            async move { this.run().await }
        })
    }

    /// Invokes the function once. The pool reports and counts a failure: the next run makes up for it.
    pub async fn run(&self) {
        let answer = match self.pool.invoke(self.input.clone()).await {
            Ok(invocation) => invocation.outcome,
            Err(error) => return self.console.warn(&error.to_string()),
        };
        // The pool has reported why.
        let InvocationOutcome::Answered(answer) = answer else { return };
        let Ok(MaintainAnswer { drained, pruned, crossings }) = serde_json::from_slice(&answer) else {
            let name = &self.pool.function().name;
            return self.console.warn(&format!("{name}: its answer does not say what it did"));
        };
        let mut done = self.done.lock();
        done.runs += 1;
        done.drained += drained;
        done.pruned += pruned;
        done.crossings += crossings;
    }

    /// Returns the sum of the answers so far.
    pub fn done(&self) -> MaintainTotals {
        *self.done.lock()
    }
}
