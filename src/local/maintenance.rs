//! The runs of `maintain`, and what they say they did.

use std::iter::Sum;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::lambda_host::FunctionPool;
use crate::lambda_host::Outcome;
use crate::local::schedule::Schedule;
use crate::session::console::Console;

/// Invokes the function and adds up its answers.
pub struct Maintenance {
    host: Arc<FunctionPool>,
    input: Bytes,
    console: Arc<Console>,
    done: Mutex<Maintained>,
}

/// What the runs have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Maintained {
    /// Runs that came to their end.
    pub runs: u64,
    /// Products that the cache was told of.
    pub drained: u64,
    /// Rows of the ledger that are gone.
    pub pruned: u64,
}

impl Sum for Maintained {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            runs: a.runs + b.runs,
            drained: a.drained + b.drained,
            pruned: a.pruned + b.pruned,
        })
    }
}

/// The function's answer.
#[derive(Deserialize)]
struct Answer {
    drained: u64,
    pruned: u64,
}

impl Maintenance {
    /// No runs yet. Each gets this input.
    pub fn new(host: Arc<FunctionPool>, input: Bytes, console: Arc<Console>) -> Self {
        Self { host, input, console, done: Mutex::default() }
    }

    /// Runs after each period.
    pub fn every(this: &Arc<Self>, period: Duration) -> Schedule {
        let this = Arc::clone(this);
        Schedule::every(period, move || {
            let this = Arc::clone(&this);
            async move { this.run().await }
        })
    }

    /// One run. One that fails is said and counted by its host: the next one makes up for it.
    pub async fn run(&self) {
        let answer = match self.host.invoke(self.input.clone()).await {
            Ok(invocation) => invocation.outcome,
            Err(error) => return self.console.warn(&error.to_string()),
        };
        // It has been said why.
        let Outcome::Answered(answer) = answer else { return };
        let Ok(Answer { drained, pruned }) = serde_json::from_slice(&answer) else {
            let name = &self.host.function().name;
            return self.console.warn(&format!("{name}: its answer does not say what it did"));
        };
        let mut done = self.done.lock();
        done.runs += 1;
        done.drained += drained;
        done.pruned += pruned;
    }

    /// What the runs have done so far.
    pub fn done(&self) -> Maintained {
        *self.done.lock()
    }
}
