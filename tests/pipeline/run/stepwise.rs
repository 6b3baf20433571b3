//! A run whose records are fed part by part while its catalog is read.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ChildStdin;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pipegen::servers::free_port;

use super::batches::batches;
use super::cache::RedisServer;
use super::local::LocalProcess;
use super::reader::CatalogReader;
use super::results::{PreparedRun, RunResults};
use crate::model::expected::Expected;
use crate::records::{lines, synthetic};

/// The number of parts of the records.
pub(crate) const PARTS: usize = 4;
/// The time for the catalog's first response: the bootstrap may have to be built.
const START_TIMEOUT: Duration = Duration::from_mins(15);
/// The time for a part of the records.
const PART_TIMEOUT: Duration = Duration::from_mins(10);

/// A text that only a line about a step of a rotation contains.
const ROTATION_STEP: &str = "\"message\":\"a rotation step is done\"";
/// Creating, setting, testing and finishing.
const ROTATION_STEPS: usize = 4;

/// A run whose records are fed part by part while its catalog is read.
pub(crate) struct StepwiseRun {
    pub(crate) expected: Expected,
    pub(crate) cache: RedisServer,
    pub(crate) process: LocalProcess,
    pub(crate) reader: CatalogReader,
    parts: Vec<String>,
    pipe: ChildStdin,
    /// The number of records fed.
    fed: usize,
    /// The processor's log.
    log: PathBuf,
}

impl StepwiseRun {
    /// Starts a run with these further options, in pairs.
    pub(crate) fn start(options: &[(&str, &str)]) -> Result<Self> {
        let lines = [lines()?, synthetic::many_products(), synthetic::few_products()].concat();
        let expected = Expected::of(&lines)?;
        let port = free_port()?;
        let prepared = PreparedRun::new(&expected)?;
        let prepared = prepared.edit(|local| {
            let local = local.records_from_stdin().option("--catalog-port", port.to_string());
            Ok(options.iter().fold(local, |local, (name, value)| local.option(name, *value)))
        })?;
        let (cache, mut process) = prepared.start()?;
        let pipe = process.pipe()?;
        let joined = |lines: &[String]| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let parts = lines.chunks(lines.len().div_ceil(PARTS)).map(joined).collect();
        let reader = CatalogReader::of(port);
        reader.wait_for_catalog(START_TIMEOUT)?;
        let log = process.path("data/logs/processor.log");
        Ok(Self { expected, cache, process, reader, parts, pipe, fed: 0, log })
    }

    /// Feeds one of the parts.
    pub(crate) fn feed(&mut self, part: usize) -> Result<()> {
        self.fed += self.parts[part].lines().count();
        self.pipe.write_all(self.parts[part].as_bytes()).context("pipegen does not read on")
    }

    /// Feeds the first lines of a part and removes them from it. A few hundred are read ahead even if nothing is
    /// processed; more would block.
    pub(crate) fn feed_some(&mut self, part: usize, count: usize) -> Result<()> {
        let bytes = self.parts[part].split_inclusive('\n').take(count).map(str::len).sum();
        let rest = self.parts[part].split_off(bytes);
        self.feed(part)?;
        self.parts[part] = rest;
        Ok(())
    }

    /// Waits until all records that were fed have been processed.
    pub(crate) fn wait_until_processed(&mut self) -> Result<()> {
        let deadline = Instant::now() + PART_TIMEOUT;
        while batches(&self.log)?.iter().sum::<usize>() < self.fed {
            ensure!(self.process.is_alive()?, "pipegen has ended by itself");
            ensure!(Instant::now() < deadline, "{} records are not processed", self.fed);
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Waits until so many logins have been rotated since the start.
    pub(crate) fn wait_for_rotations(&mut self, count: usize) -> Result<()> {
        let log = self.process.path("data/logs/rotate.log");
        let deadline = Instant::now() + PART_TIMEOUT;
        // The file does not exist before the first line.
        while fs::read_to_string(&log).unwrap_or_default().matches(ROTATION_STEP).count() < ROTATION_STEPS * count {
            ensure!(self.process.is_alive()?, "pipegen has ended by itself");
            ensure!(Instant::now() < deadline, "{count} logins are not rotated");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Returns some SKUs of the first part that are cached.
    pub(crate) fn cached_skus(&self) -> Result<Vec<String>> {
        let first = Expected::of(&self.parts[0].lines().collect::<Vec<_>>())?;
        let seeded = first.catalog.views.into_keys().filter(|sku| self.cache.was_seeded(sku));
        Ok(seeded.take(20).collect())
    }

    /// Ends the stream and waits for the end of the run.
    pub(crate) fn finish(self) -> Result<(Expected, RunResults)> {
        let Self { expected, cache, process, pipe, .. } = self;
        drop(pipe);
        Ok((expected, RunResults::after(cache, process.wait()?.succeeded()?)?))
    }
}
