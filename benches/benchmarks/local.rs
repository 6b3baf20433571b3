//! `pipegen local` as a whole, beside another build of it.
//!
//! Both play the same records with the same number of batches of a shard at once, each with its own bootstrap. Each
//! round plays the first part of the records alone too: CPU time is that of the rest, by difference, because every
//! process' start (a database's, migrations) takes as long for few records as for many.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::build::Build;
use crate::cpu::{Usage, Watch};
use crate::inputs::Inputs;
use crate::records;
use crate::results::{Benchmark, Group, Target};
use crate::rounds::interleaved;

pub(super) const NAME: &str = "local";
pub(super) const TITLE: &str = "`pipegen local` as a whole, beside another build (--compare)";

/// Batches of one shard at the same time: what the staging stack says, and more than this many cores take.
const PARALLELIZATION: [usize; 2] = [1, 4];

/// The names of the other build's figures and of this one's.
const OTHER: &str = "other";
const THIS: &str = "this";

/// Processes that are told apart: the label of [`Usage`], a title, and the share of the other build's CPU time that
/// there should be at most.
const PROCESSES: [(&str, &str, Option<f64>); 5] = [
    (Usage::ROOT, "host", Some(0.25)),
    (Usage::POSTGRESQL, "PostgreSQL", Some(0.6)),
    ("processor", "processor", None),
    ("archiver", "archiver", None),
    (Usage::REDIS, "Redis", None),
];

/// The part of the records that is played alone, from their beginning.
const FIRST_PART: usize = 20;

/// A file of records and their number.
struct Records<'a> {
    file: &'a Path,
    count: usize,
}

/// A run of all records beside one of their first part.
struct Run {
    records_per_second: f64,
    cpu: Usage,
    cpu_of_first: Usage,
    /// The number of records after the first part.
    rest: usize,
}

pub(super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let this = Build { pipegen: inputs.pipegen.clone(), bootstrap: inputs.bootstrap.clone() };
    let other = inputs.compare.as_deref().map(Build::find).transpose()?;
    let builds: Vec<(&str, &Build)> = other.iter().map(|other| (OTHER, other)).chain([(THIS, &this)]).collect();
    let folder = tempfile::tempdir()?;
    let first = &inputs.stream.records[..inputs.stream.records.len() / FIRST_PART];
    let file = folder.path().join("first.jsonl");
    records::write(&file, first)?;
    let first = Records { file: &file, count: first.len() };
    let all = Records { file: &inputs.stream.file, count: inputs.stream.records.len() };
    let (mut groups, mut targets, mut speeds) = (Vec::new(), Vec::new(), Vec::new());
    for lanes in PARALLELIZATION {
        let runs = interleaved(inputs.rounds, &builds, NAME, |(_, build)| Run::of(build, lanes, &first, &all))?;
        let group = |title: &str, unit, figure: &dyn Fn(&Run) -> f64| {
            let group =
                builds.iter().zip(&runs).fold(
                    Group::new(format!("{title}, --parallelization {lanes}"), unit),
                    |group, ((name, _), runs)| group.with(*name, runs.iter().map(figure).collect()),
                );
            if other.is_some() { group.beside(OTHER) } else { group }
        };
        let speed = group("speed", "records/s", &|run| run.records_per_second);
        if other.is_some() {
            targets.push(Target::at_least(speed.title.clone(), 2.2, speed.ratio(THIS, OTHER)));
        }
        speeds.extend(speed.rows.iter().map(|row| (format!("{}, --parallelization {lanes}", row.name), row.median)));
        groups.push(speed);
        for (label, title, most) in PROCESSES {
            let cpu = group(&format!("CPU of {title}"), "µs/record", &|run| run.micros(label));
            if let (Some(most), true) = (most, other.is_some()) {
                targets.push(Target::at_most(cpu.title.clone(), most, cpu.ratio(THIS, OTHER)));
            }
            groups.push(cpu);
        }
    }
    Ok(Benchmark {
        name: NAME,
        title: TITLE,
        meaning: "All processes on this machine: servers, emulators, mappings, functions. `host` is the command itself. \
                  CPU time leaves out the first twentieth of the records and with it every start.",
        plot: crate::results::Plot::Bars { unit: "records/s", bars: speeds },
        groups,
        targets,
    })
}

impl Run {
    fn of(build: &Build, lanes: usize, first: &Records<'_>, all: &Records<'_>) -> Result<Self> {
        let (_, cpu_of_first) = play(build, lanes, first)?;
        let (records_per_second, cpu) = play(build, lanes, all)?;
        Ok(Self { records_per_second, cpu, cpu_of_first, rest: all.count - first.count })
    }

    /// Returns the CPU time of a process for each record after the first part.
    #[expect(clippy::cast_precision_loss, reason = "a stream has far less than 2^52 records")]
    fn micros(&self, label: &str) -> f64 {
        (self.cpu.of(label) - self.cpu_of_first.of(label)) * 1e6 / self.rest as f64
    }
}

/// Returns the records a second, and the CPU time by process.
fn play(build: &Build, lanes: usize, records: &Records<'_>) -> Result<(f64, Usage)> {
    let mut command = Command::new(&build.pipegen);
    command.args(["local", "--json", "--parallelization", &lanes.to_string(), "--records"]).arg(records.file);
    command.arg("--bootstrap").arg(&build.bootstrap).stdout(Stdio::piped()).stderr(Stdio::null());
    let child = command.spawn().with_context(|| format!("cannot start {}", build.pipegen.display()))?;
    let watch = Watch::start(child.id().try_into()?);
    let output = child.wait_with_output()?;
    let cpu = watch.stop();
    ensure!(output.status.success(), "{} ended with {}", build.pipegen.display(), output.status);
    let summary: Value = serde_json::from_slice(&output.stdout)?;
    let count = json!(records.count);
    ensure!(summary["records"] == count, "not every record was processed: {summary}");
    ensure!(summary["archive"]["records"] == count, "not every record was archived: {summary}");
    let records_per_second = summary["records_per_second"].as_f64().context("the summary has no speed")?;
    Ok((records_per_second, cpu))
}
