//! A client that reads the run's catalog over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::Agent;

use super::cache::NEVER_SENT;

/// The timeout of one read.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A client of the catalog on a port.
#[derive(Clone)]
pub(crate) struct CatalogReader {
    agent: Agent,
    port: u16,
}

/// A response of the catalog.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// True if the response came from the cache.
    pub(crate) is_hit: bool,
    pub(crate) body: String,
}

/// A thread that reads until it is stopped.
pub(crate) struct ReadLoop {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<usize>>,
}

impl CatalogReader {
    pub(crate) fn of(port: u16) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
        Self { agent: config.into(), port }
    }

    /// Reads one product.
    pub(crate) fn get(&self, sku: &str) -> Result<Response> {
        let path = utf8_percent_encode(sku, NON_ALPHANUMERIC);
        let mut response = self.agent.get(format!("http://127.0.0.1:{}/products/{path}", self.port)).call()?;
        let is_hit = response.headers().get("x-cache").is_some_and(|value| value == "hit");
        Ok(Response { status: response.status().as_u16(), is_hit, body: response.body_mut().read_to_string()? })
    }

    /// Waits until the catalog responds.
    pub(crate) fn wait_for_catalog(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        while let Err(error) = self.get(NEVER_SENT) {
            ensure!(Instant::now() < deadline, "the catalog does not answer: {error:#}");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Reads a product until it comes from the cache.
    pub(crate) fn wait_until_cached(&self, sku: &str) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        while !self.get(sku)?.is_hit {
            ensure!(Instant::now() < deadline, "{sku:?} is never cached");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Starts to read these products over and over. A response other than 200 and 404 is an error.
    pub(crate) fn keep_reading(self, skus: Vec<String>) -> ReadLoop {
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
        ReadLoop { stop, thread }
    }
}

impl ReadLoop {
    /// Stops the thread and returns the number of reads, or the first error.
    pub(crate) fn stop(self) -> Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the reader does not panic")
    }
}
