//! A run that is fed by hand, part by part, while its catalog is read.

use std::io::Write;
use std::path::PathBuf;
use std::process::ChildStdin;
use std::thread;
use std::time::{Duration, Instant};

use super::batches::batches;
use super::cache::Cache;
use super::local::Running;
use super::play::{Play, Played};
use super::reader::Reader;
use crate::model::expected::Expected;
use crate::records::{crowded, lines};
use anyhow::{Context, Result, ensure};
use pipegen::servers::free_port;

/// The records come in so many parts.
pub(crate) const PARTS: usize = 4;
/// How long the first answer may take: the bootstrap may have to be built.
const LONGEST_START: Duration = Duration::from_mins(15);
/// How long a part of the records may take.
const LONGEST_PART: Duration = Duration::from_mins(10);

/// A run that is fed by hand while its catalog is read.
pub(crate) struct Scene {
    pub(crate) expected: Expected,
    pub(crate) cache: Cache,
    pub(crate) running: Running,
    pub(crate) reader: Reader,
    parts: Vec<String>,
    pipe: ChildStdin,
    /// How many records were fed.
    fed: usize,
    /// What the processor writes.
    log: PathBuf,
}

impl Scene {
    /// With these options beside the usual ones, in pairs.
    pub(crate) fn open(options: &[(&str, &str)]) -> Result<Self> {
        let lines = [lines()?, crowded::scattered(), crowded::dense()].concat();
        let expected = Expected::of(&lines)?;
        let port = free_port()?;
        let play = Play::new(&expected)?;
        let play = play.edit(|local| {
            let local = local.listens().option("--catalog-port", port.to_string());
            Ok(options.iter().fold(local, |local, (name, value)| local.option(name, *value)))
        })?;
        let (cache, mut running) = play.start()?;
        let pipe = running.pipe()?;
        let joined = |lines: &[String]| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let parts = lines.chunks(lines.len().div_ceil(PARTS)).map(joined).collect();
        let reader = Reader::of(port);
        reader.wait_for_catalog(LONGEST_START)?;
        let log = running.path("data/logs/processor.log");
        Ok(Self { expected, cache, running, reader, parts, pipe, fed: 0, log })
    }

    /// Feeds one of the [`PARTS`].
    pub(crate) fn feed(&mut self, part: usize) -> Result<()> {
        self.fed += self.parts[part].lines().count();
        self.pipe.write_all(self.parts[part].as_bytes()).context("pipegen does not read on")
    }

    /// Feeds the first lines of a part, which is shorter by them from then on. A few hundred are read ahead whatever happens to
    /// them; more would wait for somebody to process them.
    pub(crate) fn feed_some(&mut self, part: usize, count: usize) -> Result<()> {
        let bytes = self.parts[part].split_inclusive('\n').take(count).map(str::len).sum();
        let rest = self.parts[part].split_off(bytes);
        self.feed(part)?;
        self.parts[part] = rest;
        Ok(())
    }

    /// Waits until all that was fed has been processed, by what the processor says of its batches.
    pub(crate) fn settle(&mut self) -> Result<()> {
        let deadline = Instant::now() + LONGEST_PART;
        while batches(&self.log)?.iter().sum::<usize>() < self.fed {
            ensure!(self.running.is_alive()?, "pipegen has ended by itself");
            ensure!(Instant::now() < deadline, "{} records are not processed", self.fed);
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// SKUs that the first part is about, and that the cache holds since.
    pub(crate) fn known(&self) -> Result<Vec<String>> {
        let first = Expected::of(&self.parts[0].lines().collect::<Vec<_>>())?;
        let seeded = first.catalog.views.into_keys().filter(|sku| self.cache.was_seeded(sku));
        Ok(seeded.take(20).collect())
    }

    /// Ends the stream and waits for the run's end.
    pub(crate) fn end(self) -> Result<(Expected, Played)> {
        let Self { expected, cache, running, pipe, .. } = self;
        drop(pipe);
        Ok((expected, Played::after(cache, running.wait()?.succeeded()?)?))
    }
}
