//! `pipegen local`: checks everything that was typed, then runs it and prints the summary.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::usage_error::UsageError;
use super::{bootstrap, environment};
use crate::cli::{EnvironmentArgs, LocalArgs};
use crate::config::Architecture;
use crate::deployment::Deployment;
use crate::local::Run;
use crate::local::account::EmulatedAccount;
use crate::local::applied::AppliedRun;
use crate::local::export::Export;
use crate::local::machine::RenderedRun;
use crate::local::summary::Summary;
use crate::printer;
use crate::records::Source;
use crate::servers::ServerPlan;
use crate::session::Ended;
use crate::session::listener::Listener;
use crate::session::working_folder::WorkingFolder;

/// Runs a stack on this machine.
pub fn run(args: LocalArgs) -> anyhow::Result<()> {
    let output = Output::of(&args)?;
    let url = url_listener(args.catalog_port)?;
    // Nothing is started before all of it is checked.
    let run = match args.applied.clone() {
        Some(folder) => Run::Applied(Box::new(applied(folder, url, args)?)),
        None => Run::Rendered(Box::new(rendered(url, args)?)),
    };
    match run.start(|summary| output.print(summary))? {
        Ended::Done(stopped) => stopped.map_or(Ok(()), |error| Err(error.into())),
        // The shell's convention. Everything that was started has been stopped by now.
        Ended::Interrupted(number) => std::process::exit(128 + number),
    }
}

fn rendered(url: Listener, args: LocalArgs) -> anyhow::Result<RenderedRun> {
    let export = args.export.map(Export::to).transpose()?;
    let config = environment::settings(&EnvironmentArgs { env: args.env, config: args.config })?;
    let main = environment::stack_without_package(&config)?.main;
    let bootstrap = args.bootstrap.as_deref().map(checked).transpose()?;
    let source = Source::open(args.records.as_deref())?;
    let folder = args.data.as_deref().map(WorkingFolder::kept).transpose()?;
    let servers = ServerPlan::make(args.database_url, args.cache_url, folder.as_ref())?;
    // A build takes minutes the first time, so it comes last.
    let bootstrap = bootstrap.map_or_else(|| bootstrap::build(own_architecture()?), Ok)?;
    Ok(RenderedRun {
        main,
        parallelization: args.parallelization.map(usize::from),
        source,
        export,
        folder,
        servers,
        url,
        rotate_every: args.rotate_every.map(|seconds| Duration::from_secs(seconds.into())),
        serve: args.serve,
        bootstrap,
    })
}

fn applied(folder: PathBuf, url: Listener, args: LocalArgs) -> anyhow::Result<AppliedRun> {
    let account = EmulatedAccount::read(|name| std::env::var(name).ok())?;
    // The functions run in another folder.
    let authority = args
        .authority
        .map(|file| file.canonicalize().with_context(|| format!("there is no --authority {}", file.display())));
    Ok(AppliedRun {
        authority: authority.transpose()?,
        url,
        deployment: Deployment::from_folder(&folder)?,
        folder,
        account,
        until_idle: args.until_idle.map(|seconds| Duration::from_secs(seconds.into())),
    })
}

fn url_listener(port: Option<u16>) -> anyhow::Result<Listener> {
    let port = port.unwrap_or_default();
    Listener::open(port).with_context(|| format!("cannot listen on --catalog-port {port}"))
}

/// Returns the whole path of a given bootstrap: it does not run in this folder.
fn checked(path: &Path) -> anyhow::Result<PathBuf> {
    let name = path.display();
    let whole = path.canonicalize().with_context(|| format!("there is no bootstrap {name}"))?;
    let metadata = whole.metadata().with_context(|| format!("cannot look at the bootstrap {name}"))?;
    anyhow::ensure!(metadata.is_file(), "the bootstrap {name} is not a file");
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
