//! `pipegen local`: checks everything, starts the servers and the pipeline, plays the records, tells what happened, and leaves
//! nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{WrongUse, bootstrap, printer};
use crate::cli::LocalArgs;
use crate::config::Architecture;
use crate::local::console::Console;
use crate::local::guard::Guard;
use crate::local::loopback::Door;
use crate::local::pipeline::{Ground, Pipeline};
use crate::local::place::Place;
use crate::local::process::Supervisor;
use crate::local::records::{ReadError, Source};
use crate::local::schedule::Schedule;
use crate::local::servers::Plan;
use crate::local::summary::Summary;

mod export;

use export::Export;

/// What was typed, checked: nothing is started before all of it is there.
struct Prepared {
    source: Source,
    parallelization: usize,
    export: Option<Export>,
    kept: Option<Place>,
    servers: Plan,
    catalog: Door,
    rotate_every: Option<Duration>,
    serve: bool,
    bootstrap: PathBuf,
    json: bool,
}

/// Runs the pipeline on this machine.
pub fn run(args: LocalArgs) -> anyhow::Result<()> {
    let prepared = prepare(args)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    match runtime.block_on(run_until_signal(prepared))? {
        Ended::Done(stopped) => stopped.map_or(Ok(()), |error| Err(error.into())),
        // The shell's convention. Everything that was started has been stopped by now.
        Ended::Interrupted(number) => std::process::exit(128 + number),
    }
}

fn prepare(args: LocalArgs) -> anyhow::Result<Prepared> {
    let export = args.export.map(Export::to).transpose()?;
    if args.json && export.as_ref().is_some_and(Export::is_standard_output) {
        return Err(WrongUse::new("`--export -` and `--json` both write to standard output: export to a file").into());
    }
    let source = Source::open(args.records.as_deref())?;
    let kept = args.data.as_deref().map(Place::kept).transpose()?;
    let servers = Plan::make(args.database_url, args.cache_url, kept.as_ref())?;
    let port = args.catalog_port.unwrap_or_default();
    let catalog = Door::open(port).with_context(|| format!("cannot listen on --catalog-port {port}"))?;
    let bootstrap = match args.bootstrap {
        Some(path) => checked(&path)?,
        // Takes minutes the first time, so it comes last.
        None => bootstrap::build(own_architecture()?)?,
    };
    Ok(Prepared {
        source,
        parallelization: args.parallelization.into(),
        export,
        kept,
        servers,
        catalog,
        rotate_every: args.rotate_every.map(|seconds| Duration::from_secs(seconds.into())),
        serve: args.serve,
        bootstrap,
        json: args.json,
    })
}

/// A given bootstrap, by its whole path: it is not run in this folder.
fn checked(path: &Path) -> anyhow::Result<PathBuf> {
    let name = path.display();
    let whole = path.canonicalize().with_context(|| format!("there is no bootstrap {name}"))?;
    let metadata = whole.metadata().with_context(|| format!("cannot look at the bootstrap {name}"))?;
    anyhow::ensure!(metadata.is_file(), "the bootstrap {name} is no file");
    anyhow::ensure!(
        metadata.permissions().mode() & 0o111 != 0,
        "the bootstrap {name} is not executable: `chmod +x` it"
    );
    Ok(whole)
}

fn own_architecture() -> anyhow::Result<Architecture> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok(Architecture::X86_64),
        ("linux", "aarch64") => Ok(Architecture::Arm64),
        (system, architecture) => anyhow::bail!(
            "a bootstrap for {system} on {architecture} is not what Lambda runs, so it is not built by itself: build one \
             (`cargo build --release --package pipegen-lambda`) and name it with `--bootstrap target/release/bootstrap`"
        ),
    }
}

/// How a run ended.
enum Ended {
    /// After the last record, or before the first line that is none.
    Done(Option<ReadError>),
    /// By this signal.
    Interrupted(i32),
}

/// Runs, and stops and removes whatever was started: at the end, on an error and on a signal.
async fn run_until_signal(mut prepared: Prepared) -> anyhow::Result<Ended> {
    // From here on a signal ends the run and not the process.
    let mut signals = Signals::catch().context("cannot catch signals")?;
    let place = match prepared.kept.take() {
        Some(place) => place,
        None => Place::scratch()?,
    };
    let guard = Arc::new(Guard::start(place.to_remove()).context("cannot start /bin/sh")?);
    let supervisor = Arc::new(Supervisor::new(Arc::clone(&guard)));
    let console = Arc::new(Console::new());
    let ended = tokio::select! {
        ran = run_whole(prepared, &place, &supervisor, &console) => ran,
        number = signals.any() => Ok((Ended::Interrupted(number), None)),
    };
    let ended = match ended {
        Ok((ended, Some(serving))) => {
            console.say("everything is kept up until Ctrl-C");
            // The end that was asked for, so the exit code stays what the records have made it.
            signals.any().await;
            drop(serving);
            Ok(ended)
        }
        Ok((ended, None)) => Ok(ended),
        Err(error) => Err(error),
    };
    console.close();
    supervisor.stop_all().await;
    let removed = place.remove();
    guard.finish();
    let ended = ended?;
    removed.context("cannot remove the scratch folder")?;
    Ok(ended)
}

/// What goes on after the records.
struct Serving {
    _pipeline: Pipeline,
    _schedules: Vec<Schedule>,
}

async fn run_whole(
    prepared: Prepared,
    place: &Place,
    supervisor: &Arc<Supervisor>,
    console: &Arc<Console>,
) -> anyhow::Result<(Ended, Option<Serving>)> {
    let servers = prepared.servers.start(place, supervisor).await?;
    let database_url = servers.database_url.clone();
    let ground = Ground { bootstrap: prepared.bootstrap, servers, place, supervisor, console };
    let mut pipeline = Pipeline::start(ground).await?;
    pipeline.serve_catalog(prepared.catalog)?;

    let schedules = pipeline.schedules(prepared.rotate_every);
    let played = pipeline.play(prepared.source, prepared.parallelization).await?;
    for schedule in schedules {
        schedule.end().await;
    }
    pipeline.maintain().await;

    let mut summary = pipeline.summary(&played);
    let to_standard_output = prepared.export.as_ref().is_some_and(Export::is_standard_output);
    if let Some(export) = prepared.export {
        summary.exported = Some(export.write(&database_url).await?);
    }
    tell(&summary, prepared.json, to_standard_output)?;
    let serving = prepared.serve.then(|| {
        let schedules = pipeline.schedules(prepared.rotate_every);
        Serving { _pipeline: pipeline, _schedules: schedules }
    });
    Ok((Ended::Done(played.stopped), serving))
}

fn tell(summary: &Summary, json: bool, beside_data: bool) -> anyhow::Result<()> {
    if json {
        printer::data(&serde_json::to_string(summary).context("cannot write the summary")?)?;
    } else if beside_data {
        printer::talk(summary.table().trim_end());
    } else {
        printer::data(summary.table().trim_end())?;
    }
    Ok(())
}

/// The signals that end a run.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one of them; its number.
    async fn any(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hang_up.recv() => SignalKind::hangup(),
        };
        kind.as_raw_value()
    }
}
