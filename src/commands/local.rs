//! `pipegen local`: checks everything, starts the servers and the pipeline, plays the records, tells what happened, and leaves
//! nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::usage_error::UsageError;
use super::{bootstrap, environment};
use crate::cli::{EnvironmentArgs, LocalArgs};
use crate::config::Architecture;
use crate::local::pipeline::{Ground, Pipeline};
use crate::local::schedule::Schedule;
use crate::local::summary::Summary;
use crate::printer;
use crate::records::{ReadError, Source};
use crate::servers::{ServerPlan, ServerSettings};
use crate::session::listener::Listener;
use crate::session::working_folder::WorkingFolder;

mod applied;
mod export;

use crate::session::signals::Signals;
use crate::session::{self, Ended, Session};
use export::Export;

/// What was typed, checked: nothing is started before all of it is there.
struct Prepared {
    source: Source,
    parallelization: usize,
    export: Option<Export>,
    kept: Option<WorkingFolder>,
    servers: ServerPlan,
    server_settings: ServerSettings,
    catalog: Listener,
    rotate_every: Option<Duration>,
    serve: bool,
    bootstrap: PathBuf,
    json: bool,
}

/// Runs the pipeline on this machine.
pub fn run(args: LocalArgs) -> anyhow::Result<()> {
    let ended = if let Some(folder) = &args.applied {
        let prepared = applied::prepare(folder.clone(), &args)?;
        session::run(None, async |session, signals| applied::run(prepared, session, signals).await)?
    } else {
        let mut prepared = prepare(args)?;
        session::run(prepared.kept.take(), async |session, signals| play(prepared, session, signals).await)?
    };
    match ended {
        Ended::Done(stopped) => stopped.map_or(Ok(()), |error| Err(error.into())),
        // The shell's convention. Everything that was started has been stopped by now.
        Ended::Interrupted(number) => std::process::exit(128 + number),
    }
}

fn prepare(args: LocalArgs) -> anyhow::Result<Prepared> {
    let export = args.export.map(Export::to).transpose()?;
    if args.json && export.as_ref().is_some_and(Export::is_standard_output) {
        return Err(UsageError::Message(
            "`--export -` and `--json` both write to standard output: export to a file".into(),
        )
        .into());
    }
    let source = Source::open(args.records.as_deref())?;
    let kept = args.data.as_deref().map(WorkingFolder::kept).transpose()?;
    let servers = ServerPlan::make(args.database_url, args.cache_url, kept.as_ref())?;
    let catalog = catalog_door(args.catalog_port)?;
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
        server_settings: server_settings()?,
        catalog,
        rotate_every: args.rotate_every.map(|seconds| Duration::from_secs(seconds.into())),
        serve: args.serve,
        bootstrap,
        json: args.json,
    })
}

/// Reads the settings of the staging stack's servers.
fn server_settings() -> anyhow::Result<ServerSettings> {
    let staging = EnvironmentArgs { env: "staging".to_owned(), config: None };
    let stack = environment::stack_without_package(&environment::settings(&staging)?)?;
    ServerSettings::from_stack(&serde_json::from_str(&stack.main)?)
}

fn catalog_door(port: Option<u16>) -> anyhow::Result<Listener> {
    let port = port.unwrap_or_default();
    Listener::open(port).with_context(|| format!("cannot listen on --catalog-port {port}"))
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

/// Plays the records, or as many as there are before a signal.
async fn play(
    prepared: Prepared,
    session: &Session,
    signals: &mut Signals,
) -> anyhow::Result<Ended<Option<ReadError>>> {
    let (stopped, serving) = tokio::select! {
        ran = run_whole(prepared, session) => ran?,
        number = signals.any() => return Ok(Ended::Interrupted(number)),
    };
    if let Some(serving) = serving {
        session.console.say("everything is kept up until Ctrl-C");
        // The end that was asked for, so the exit code stays what the records have made it.
        signals.any().await;
        drop(serving);
    }
    Ok(Ended::Done(stopped))
}

/// What goes on after the records.
struct Serving {
    _pipeline: Pipeline,
    _schedules: Vec<Schedule>,
}

/// Plays every record and tells what happened: why reading stopped before the end, if it did, and what goes on.
async fn run_whole(prepared: Prepared, session: &Session) -> anyhow::Result<(Option<ReadError>, Option<Serving>)> {
    let Session { folder, supervisor, console, .. } = session;
    let servers = prepared.servers.start(session, &prepared.server_settings).await?;
    let database_url = servers.database_url.clone();
    let ground = Ground { bootstrap: prepared.bootstrap, servers, place: folder, supervisor, console };
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
    Ok((played.stopped, serving))
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
