//! `pipegen local`: checks everything that was typed, then runs it and prints the summary.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use super::environment;
use super::usage_error::UsageError;
use crate::bootstrap;
use crate::cli::{EnvironmentArgs, LocalArgs};
use crate::config::Architecture;
use crate::local::applied::AppliedInputs;
use crate::local::faults::PlannedFault;
use crate::local::machine::{Overrides, RecordsToPlay, RenderedInputs};
use crate::local::summary::Summary;
use crate::printer;
use crate::servers::NotInstalled;
use crate::session::Ended;

/// Runs a stack on this machine.
pub fn run(args: LocalArgs) -> anyhow::Result<ExitCode> {
    let output = Output::of(&args)?;
    let run = match args.applied.clone() {
        Some(folder) => applied(folder, args).check()?,
        None => rendered(args)?.check().map_err(typed_wrongly)?,
    };
    match run.start(build, |summary| output.print(summary))? {
        Ended::Done(None) => Ok(ExitCode::SUCCESS),
        Ended::Done(Some(stopped_early)) => Err(stopped_early.into()),
        // The shell's convention.
        Ended::Interrupted(number) => Ok(ExitCode::from(u8::try_from(128 + number)?)),
    }
}

fn rendered(args: LocalArgs) -> anyhow::Result<RenderedInputs> {
    if args.ingest_port.is_some() && !args.serve {
        let message = "`--ingest-port` needs `--serve` (or `--applied`): without it no stream takes events";
        return Err(UsageError::Message(message.into()).into());
    }
    let config = environment::settings(&EnvironmentArgs { env: args.env, config: args.config })?;
    Ok(RenderedInputs {
        main: environment::stack_without_package(&config)?.main,
        overrides: Overrides {
            parallelization: args.parallelization.map(usize::from),
            archive_window: args.archive_window,
            maintain_every: args.maintain_every,
        },
        records: match args.records {
            _ if args.no_records => RecordsToPlay::Nothing,
            Some(file) => RecordsToPlay::File(file),
            None => RecordsToPlay::Sample,
        },
        export: args.export,
        folder: args.data,
        database_url: args.database_url,
        cache_url: args.cache_url,
        catalog_port: args.catalog_port,
        ingest_port: args.ingest_port,
        rotate_every: args.rotate_every.map(|seconds| Duration::from_secs(seconds.into())),
        serve: args.serve.then(|| args.port.unwrap_or_default()),
        faults: args.fault.iter().map(|fault| planned(fault)).collect::<Result<_, _>>()?,
        rate: args.rate,
        bootstrap: args.bootstrap,
    })
}

/// Makes an error one about what was typed, unless something has to be installed.
fn typed_wrongly(error: anyhow::Error) -> anyhow::Error {
    if error.is::<NotInstalled>() { error } else { UsageError::Message(format!("{error:#}")).into() }
}

fn planned(fault: &str) -> Result<PlannedFault, UsageError> {
    fault.parse().map_err(|error| UsageError::Message(format!("--fault {fault}: {error}")))
}

fn applied(folder: PathBuf, args: LocalArgs) -> AppliedInputs {
    AppliedInputs {
        folder,
        authority: args.authority,
        until_idle: args.until_idle.map(|seconds| Duration::from_secs(seconds.into())),
        catalog_port: args.catalog_port,
        ingest_port: args.ingest_port,
    }
}

fn build() -> anyhow::Result<PathBuf> {
    bootstrap::build(own_architecture()?)
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

/// The form of the summary, and where it goes.
#[derive(Clone, Copy)]
enum Output {
    Json,
    Table,
    /// Standard output is the export's.
    TableOnStandardError,
}

impl Output {
    fn of(args: &LocalArgs) -> anyhow::Result<Self> {
        match (args.json, args.export.as_deref() == Some(Path::new("-"))) {
            (true, true) => {
                let message = "`--export -` and `--json` both write to standard output: export to a file";
                Err(UsageError::Message(message.into()).into())
            }
            (true, false) => Ok(Self::Json),
            (false, false) => Ok(Self::Table),
            (false, true) => Ok(Self::TableOnStandardError),
        }
    }

    fn print(self, summary: &Summary) -> anyhow::Result<()> {
        match self {
            Self::Json => printer::data(&serde_json::to_string(summary).context("cannot write the summary")?)?,
            Self::Table => printer::data(summary.table().trim_end())?,
            Self::TableOnStandardError => printer::talk(summary.table().trim_end()),
        }
        Ok(())
    }
}
