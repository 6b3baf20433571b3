//! The start of an instance, beside a function that does nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::Message;
use chrono::Utc;
use pipegen_contract::role::Role;
use tokio::runtime::Runtime;

use super::growth;
use crate::expected::ExpectedCatalog;
use crate::inputs::Inputs;
use crate::instance::Instance;
use crate::machine::{Machine, batch};
use crate::processes::peak_memory;
use crate::results::{Benchmark, Group, Target};
use crate::rounds::interleaved;
use crate::traffic::{Change, FIRST_LEVEL, Mix, Traffic};

pub(super) const NAME: &str = "start";
pub(super) const TITLE: &str = "the start of the processor, beside an empty function";
const MEANING: &str = "An instance is started on a local Runtime API, the bootstrap as the processor on PostgreSQL, \
    Redis and Secrets Manager, and in turn a program with the same runtime library and profile that does nothing. To \
    the first event: from starting the program until it asks for one. To the first batch: until a batch of 100 events \
    is answered, with the login fetched, both servers connected over TLS, and the events in the catalog, which is \
    checked.";

const OURS: &str = "bootstrap";
const EMPTY: &str = "empty function";
/// The starts of each program.
const STARTS: usize = 25;
const EVENTS: usize = 100;
const PRODUCTS: u64 = 1000;

/// The cost of one start.
struct Start {
    first_event_ms: f64,
    first_batch_ms: f64,
    memory: f64,
    memory_after_batch: f64,
}

pub(super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let empty = build_empty_function()?;
    let machine = Machine::start(&inputs.bootstrap)?;
    let runtime = &machine.throwaway.runtime;
    runtime.block_on(growth::fill(&machine.throwaway.options("")?, PRODUCTS, 1))?;
    let variables = machine.variables(Role::Processor)?;
    let (mut traffic, mut levels) = (Traffic::new(PRODUCTS, 1, Mix::Usual)?, ExpectedCatalog::filled(FIRST_LEVEL));
    let store = machine.throwaway.store("")?;

    let programs = [(OURS, &inputs.bootstrap), (EMPTY, &empty)];
    let measured = interleaved(inputs.size(STARTS, 3), &programs, NAME, |(name, program)| {
        let changes = traffic.changes(EVENTS);
        let started = start(runtime, program, &variables, &changes)?;
        if *name == OURS {
            levels.expect(&changes);
            runtime.block_on(levels.check(&store))?;
        }
        Ok(started)
    })?;

    let group = |title: &str, unit, value: fn(&Start) -> f64| {
        let rows = programs.iter().zip(&measured);
        let group = rows.fold(Group::new(title, unit), |group, ((name, _), starts)| {
            group.with(*name, starts.iter().map(value).collect())
        });
        group.beside(EMPTY)
    };
    let first_event = group("to the first event", "ms", |start| start.first_event_ms);
    let mut groups = vec![
        group("to the first batch", "ms", |start| start.first_batch_ms),
        group("peak memory before the first event", "MiB", |start| start.memory),
        group("peak memory after the first batch", "MiB", |start| start.memory_after_batch),
        Group::new("the program", "MB")
            .with(OURS, vec![megabytes(&inputs.bootstrap)?])
            .with(EMPTY, vec![megabytes(&empty)?])
            .beside(EMPTY),
        Group::new("the zip that is deployed", "MB").with(OURS, vec![zip(inputs)?]),
    ];
    let targets = vec![
        Target::at_most("exec to the first event, beside an empty function", 1.6, first_event.ratio(OURS, EMPTY)),
        Target::at_most("MB of the zip", 4.5, groups[4].row(OURS).median),
    ];
    let plot = first_event.bars();
    groups.insert(0, first_event);
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot })
}

fn start(runtime: &Runtime, program: &Path, variables: &[(String, String)], changes: &[Change]) -> Result<Start> {
    let texts: Vec<String> = changes.iter().map(Change::text).collect();
    let event = batch(texts.iter().map(|text| ("acme", text.as_bytes())), Utc::now());
    runtime.block_on(async {
        let mut instance = Instance::start(program, variables).await?;
        let memory = peak_memory(instance.pid())?;
        let answered = instance.process(event).await?;
        Ok(Start {
            first_event_ms: instance.start.as_secs_f64() * 1e3,
            first_batch_ms: (instance.start + answered).as_secs_f64() * 1e3,
            memory,
            memory_after_batch: peak_memory(instance.pid())?,
        })
    })
}

/// Builds the empty function as the bootstrap is built, and returns its path.
fn build_empty_function() -> Result<PathBuf> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--profile", "bootstrap", "--locked"]);
    command.args(["--package", "pipegen-empty-function", "--message-format=json-render-diagnostics"]);
    let output = command.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "the empty function could not be built ({})", output.status);
    let built = Message::parse_stream(&*output.stdout).find_map(|message| match message {
        Ok(Message::CompilerArtifact(built)) if built.target.name == "empty-function" => built.executable,
        _ => None,
    });
    Ok(built.context("cargo did not say where the empty function is")?.into())
}

/// Renders the stack and returns the size of its zip.
fn zip(inputs: &Inputs) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    super::render::render(inputs, folder.path(), None)?;
    let files = std::fs::read_dir(folder.path().join("staging"))?.flatten();
    let zip = files.map(|file| file.path()).find(|path| path.extension().is_some_and(|extension| extension == "zip"));
    megabytes(&zip.context("`render` has written no zip")?)
}

fn megabytes(file: &Path) -> Result<f64> {
    let bytes = file.metadata().with_context(|| format!("cannot look at {}", file.display()))?.len();
    Ok(f64::from(u32::try_from(bytes)?) / 1e6)
}
