//! One size of batches and number of shards, measured with each of the three.

use std::process;

use anyhow::{Result, ensure};
use pipegen::lambda_host::Function;
use pipegen::records::Record;

use super::batches::{self, Shards};
use super::catalog::{Tables, Views};
use super::deployed::Deployed;
use super::expected::Expected;
use super::figures::{self, Called};
use super::floor::capture::capture;
use super::floor::write::Floor;
use super::lanes::{self, Played};
use super::python::{self, Python};
use crate::cpu::Usage;
use crate::rounds::interleaved;

/// The subject of a measurement, and the tables that it must leave.
pub(super) struct Contenders<'a> {
    pub(super) deployed: &'a Deployed,
    pub(super) python: Python,
    pub(super) expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contender {
    Pipegen,
    Floor,
    Python,
}

/// One run of one contender.
pub(super) struct Run {
    pub(super) played: Played,
    pub(super) cpu: Usage,
    pub(super) statements: Vec<Called>,
    pub(super) commands: Vec<Called>,
    /// In MiB, of a function.
    pub(super) peak_memory: Option<f64>,
}

/// The runs of each contender.
pub(super) struct Case {
    pub(super) size: usize,
    pub(super) shards: usize,
    pub(super) records: usize,
    pub(super) batches: usize,
    /// One for each of [`Contender::ALL`].
    runs: Vec<Vec<Run>>,
}

/// A case that is being measured.
struct Measuring<'a> {
    contenders: &'a Contenders<'a>,
    shards: Shards,
    floor: Floor,
    /// The tables that every run of the floor must leave.
    tables: Tables,
    /// The views that every run of the processor must lead to.
    views: Views,
}

impl Contender {
    pub(super) const ALL: [Self; 3] = [Self::Pipegen, Self::Floor, Self::Python];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pipegen => "pipegen",
            Self::Floor => "floor",
            Self::Python => "Python",
        }
    }

    /// The label of the processes of its function.
    pub(super) const fn handler(self) -> &'static str {
        match self {
            Self::Pipegen => "processor",
            Self::Floor => "",
            Self::Python => python::HANDLER,
        }
    }
}

impl Case {
    pub(super) fn measure(
        contenders: &Contenders<'_>,
        records: &[Record],
        size: usize,
        shards: usize,
        rounds: usize,
    ) -> Result<Self> {
        let batches = batches::split(records, shards, size)?;
        let name = format!("write, batches of {size}, shards: {shards}");
        let count = batches.iter().map(Vec::len).sum();
        let runtime = &contenders.deployed.runtime;
        let measuring = runtime.block_on(Measuring::prepare(contenders, batches))?;
        let runs = interleaved(rounds, &Contender::ALL, &name, |contender| {
            runtime.block_on(async {
                match contender {
                    Contender::Pipegen => measuring.pipegen().await,
                    Contender::Floor => measuring.floor().await,
                    Contender::Python => measuring.python().await,
                }
            })
        })?;
        Ok(Self { size, shards, records: records.len(), batches: count, runs })
    }

    /// Returns a figure of each run of a contender.
    pub(super) fn each(&self, contender: Contender, figure: impl Fn(&Run) -> f64) -> Vec<f64> {
        self.runs[contender as usize].iter().map(figure).collect()
    }

    pub(super) fn runs(&self, contender: Contender) -> &[Run] {
        &self.runs[contender as usize]
    }
}

impl<'a> Measuring<'a> {
    /// Lets the processor work through the batches once, for the floor, and keeps what it has left.
    async fn prepare(contenders: &'a Contenders<'a>, shards: Shards) -> Result<Self> {
        let deployed = contenders.deployed;
        let pool = deployed.pool(deployed.processor(1)?)?;
        let capture = capture(deployed, &pool, &shards).await?;
        pool.close().await;
        let views = Views::read(&deployed.servers.database_url).await?;
        let products = contenders.expected.products;
        ensure!(views.count == products as u64, "the catalog has {} products instead of {products}", views.count);
        Ok(Self { contenders, shards, floor: Floor::new(&capture)?, tables: capture.left, views })
    }

    async fn pipegen(&self) -> Result<Run> {
        let deployed = self.contenders.deployed;
        let run = self.function(deployed.processor(self.shards.len())?).await?;
        ensure!(run.played.pending == 0, "the cache was not refreshed");
        let views = Views::read(&deployed.servers.database_url).await?;
        ensure!(views == self.views, "the catalog differs from that of the first run");
        Ok(run)
    }

    async fn python(&self) -> Result<Run> {
        let Contenders { deployed, python, expected } = self.contenders;
        let run = self.function(python.function(deployed, self.shards.len())?).await?;
        python::verify(&mut deployed.administrator().await?, expected).await?;
        Ok(run)
    }

    /// Plays the batches to a function, to as many instances as there are shards.
    async fn function(&self, function: Function) -> Result<Run> {
        let deployed = self.contenders.deployed;
        let pool = deployed.pool(function)?;
        lanes::warm_up(&pool, &self.shards).await?;
        let before = begin(deployed).await?;
        let played = lanes::play(&pool, &self.shards).await?;
        let mut run = end(deployed, played, &before).await?;
        run.peak_memory = Some(figures::peak_memory(&pool.function().handler)?);
        pool.close().await;
        Ok(run)
    }

    async fn floor(&self) -> Result<Run> {
        let deployed = self.contenders.deployed;
        let mut floor = self.floor.connect(&deployed.over_tls()).await?;
        floor.warm_up().await?;
        let before = begin(deployed).await?;
        let seconds = floor.play().await?;
        let run = end(deployed, Played { seconds, ..Played::default() }, &before).await?;
        self.tables.compare(&Tables::read(&mut deployed.administrator().await?).await?)?;
        Ok(run)
    }
}

/// Empties everything and starts counting.
async fn begin(deployed: &Deployed) -> Result<Usage> {
    deployed.empty().await?;
    figures::reset(deployed).await?;
    Ok(Usage::now(process::id().try_into()?))
}

async fn end(deployed: &Deployed, played: Played, before: &Usage) -> Result<Run> {
    let cpu = Usage::now(process::id().try_into()?).since(before);
    let statements = figures::statements(&mut deployed.administrator().await?).await?;
    let commands = figures::commands(&deployed.servers.cache_url).await?;
    Ok(Run { played, cpu, statements, commands, peak_memory: None })
}
