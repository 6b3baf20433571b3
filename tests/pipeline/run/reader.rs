//! A shop that reads the run's catalog over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::Agent;

use super::cache::NEVER_SENT;

/// How long one read may take.
const LONGEST: Duration = Duration::from_mins(1);

/// A reader of the catalog at a port.
#[derive(Clone)]
pub(crate) struct Reader {
    agent: Agent,
    port: u16,
}

/// What a reader was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether the cache has answered.
    pub(crate) is_hit: bool,
    pub(crate) body: String,
}

/// A reader that goes on until it is told to stop.
pub(crate) struct Busy {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<usize>>,
}

impl Reader {
    pub(crate) fn of(port: u16) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(LONGEST)).build();
        Self { agent: config.into(), port }
    }

    /// Reads one product.
    pub(crate) fn get(&self, sku: &str) -> Result<Answer> {
        let path = utf8_percent_encode(sku, NON_ALPHANUMERIC);
        let mut response = self.agent.get(format!("http://127.0.0.1:{}/products/{path}", self.port)).call()?;
        let is_hit = response.headers().get("x-cache").is_some_and(|value| value == "hit");
        Ok(Answer { status: response.status().as_u16(), is_hit, body: response.body_mut().read_to_string()? })
    }

    /// Reads until the catalog answers at all.
    pub(crate) fn wait_for_catalog(&self, longest: Duration) -> Result<()> {
        let deadline = Instant::now() + longest;
        while let Err(error) = self.get(NEVER_SENT) {
            ensure!(Instant::now() < deadline, "the catalog does not answer: {error:#}");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Reads a product until the cache answers.
    pub(crate) fn wait_until_cached(&self, sku: &str) -> Result<()> {
        let deadline = Instant::now() + LONGEST;
        while !self.get(sku)?.is_hit {
            ensure!(Instant::now() < deadline, "{sku:?} is never cached");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Reads these products over and over; an answer other than 200 and 404 ends it with an error.
    pub(crate) fn keeps_reading(self, skus: Vec<String>) -> Busy {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            for (count, sku) in skus.iter().cycle().enumerate() {
                if stopped.load(Ordering::Relaxed) {
                    return Ok(count);
                }
                let answer = self.get(sku).with_context(|| format!("read {count}"))?;
                ensure!([200, 404].contains(&answer.status), "read {count} of {sku:?}: {answer:?}");
            }
            Ok(0)
        });
        Busy { stop, thread }
    }
}

impl Busy {
    /// Stops it; how many reads there were, none of which has failed.
    pub(crate) fn stop(self) -> Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the reader does not panic")
    }
}
