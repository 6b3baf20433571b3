//! `pipegen send`: checks everything that was typed, then sends and prints the summary.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{SecondsFormat, TimeDelta};
use parking_lot::Mutex;
use tokio::runtime::Builder;

use super::environment;
use super::usage_error::UsageError;
use crate::aws::Account;
use crate::cli::{EnvironmentArgs, MappingArgs, SendArgs};
use crate::config::Config;
use crate::numbers::counted;
use crate::printer;
use crate::send::Checker;
use crate::send::checkpoint::Checkpoint;
use crate::send::delivery::{Delivery, Destination, Format, Outcome, Patience, Stream};
use crate::send::files::InputFile;
use crate::send::record::Record;
use crate::send::refusals::Refusals;
use crate::session::Ended;
use crate::session::console::Console;
use crate::session::signals::Signals;
use crate::tables::{Mapping, Rows};

/// Sends the events in files.
pub fn run(args: &SendArgs) -> anyhow::Result<ExitCode> {
    let config = environment::settings(&EnvironmentArgs { env: args.stack.env.clone(), config: args.config.clone() })?;
    let files = files(args)?;
    let format = format(args, &files)?;
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let outcome = runtime.block_on(send(args, &config, files, format))?;
    // A thread that waits for standard input must not hold up the end.
    runtime.shutdown_background();
    report(args, outcome)
}

async fn send(args: &SendArgs, config: &Config, files: Vec<InputFile>, format: Format) -> anyhow::Result<Outcome> {
    // From here on a signal ends the run and not the process.
    let mut signals = Signals::catch().context("cannot catch signals")?;
    let console = Arc::new(Console::new());
    let destination = destination(args, config).await?;
    let continues =
        matches!(&destination, Destination::Stream(to) if to.checkpoint.as_ref().is_some_and(|it| it.exists));
    let talk = Arc::clone(&console);
    let refusals = Refusals::new(args.rejects.as_deref(), continues, move |line| talk.say(line));
    let refusals = refusals.map_err(|error| UsageError::Message(format!("{error:#}")))?;
    let settings = &config.settings;
    let checker = Checker {
        horizon: TimeDelta::days(settings.horizon_days.into()),
        suppliers: settings.suppliers.iter().map(|supplier| supplier.name.clone()).collect(),
    };
    let delivery = Delivery { files, format, checker, refusals: Arc::new(Mutex::new(refusals)), destination, console };
    delivery.run(&mut signals).await
}

async fn destination(args: &SendArgs, config: &Config) -> anyhow::Result<Destination> {
    if args.print {
        return Ok(Destination::Printed(Box::new(print)));
    }
    if args.check {
        return Ok(Destination::Nowhere);
    }
    let endpoint = args.stack.endpoint.as_deref();
    let account = Account::new(&config.environment, endpoint).await?;
    let name = account.stream();
    let target = endpoint.map_or_else(|| name.clone(), |endpoint| format!("{name} at {endpoint}"));
    let checkpoint = args.checkpoint.as_deref().map(|path| Checkpoint::open(path, &target)).transpose();
    let checkpoint = checkpoint.map_err(|error| UsageError::Message(format!("{error:#}")))?;
    Ok(Destination::Stream(Stream { client: account.kinesis(), name, patience: Patience::default(), checkpoint }))
}

/// Prints a record on one line. A line's end can only be between two of JSON's tokens.
fn print(record: &Record) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(&record.data).replace(['\n', '\r'], " ");
    Ok(printer::data(&text)?)
}

fn files(args: &SendArgs) -> Result<Vec<InputFile>, UsageError> {
    let mut names = BTreeSet::new();
    if let Some(twice) = args.files.iter().find(|path| !names.insert(*path)) {
        return Err(UsageError::Message(format!("{} is named twice", twice.display())));
    }
    let files = args.files.iter().map(|path| InputFile::find(path)).collect::<Result<_, _>>();
    files.map_err(|error| UsageError::Message(format!("{error:#}")))
}

/// Returns the files' form. The header of every table is held against the mapping before anything is sent.
fn format(args: &SendArgs, files: &[InputFile]) -> anyhow::Result<Format> {
    let typed = args.mapping.clone();
    if args.csv.is_none() && typed == MappingArgs::default() {
        return match files.iter().find(|file| is_table(&file.name)) {
            Some(table) => Err(unmapped(table).into()),
            None => Ok(Format::Lines),
        };
    }
    let named = args.csv.as_deref().map(mapping_file).transpose()?.unwrap_or_default();
    let mapping = Mapping::new(typed.over(named));
    let origin = args.csv.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default();
    let mapping = mapping.map_err(|problem| UsageError::Message(format!("{origin}{problem}")))?;
    for file in files {
        if file.name == "-" && mapping.takes_time_of_file() {
            let message = "standard input has no time of its own: say `--time` or `--time-column`";
            return Err(UsageError::Message(message.to_owned()).into());
        }
        if file.length.is_some() {
            let rows = Rows::open(mapping.clone(), &file.name, file.modified, file.open(|bytes| bytes)?);
            rows.map_err(|error| UsageError::Message(format!("{error:#}")))?;
        }
        if let Some(time) = file.modified.filter(|_| mapping.takes_time_of_file()) {
            let time = time.to_rfc3339_opts(SecondsFormat::Secs, true);
            printer::talk(&format!(
                "note: the rows of {} are taken as of {time}, when it was last changed (`--time` says otherwise)",
                file.name
            ));
        }
    }
    Ok(Format::Tables(Box::new(mapping)))
}

fn mapping_file(path: &Path) -> Result<MappingArgs, UsageError> {
    let name = path.display();
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| UsageError::Message(format!("cannot read the mapping {name}: {error}")))?;
    toml::from_str(&text).map_err(|error| UsageError::Message(format!("{name}: {}", error.to_string().trim_end())))
}

fn is_table(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".csv", ".tsv"].iter().any(|end| name.ends_with(end))
}

/// The error of a table without a mapping: with its first line, one can be written.
fn unmapped(table: &InputFile) -> UsageError {
    let mut beginning = Vec::new();
    let read = table.open(|bytes| bytes).map(|bytes| bytes.take(500).read_to_end(&mut beginning));
    let beginning = String::from_utf8_lossy(&beginning);
    let header = beginning.lines().next().unwrap_or_default();
    let header =
        if read.is_ok() && !header.is_empty() { format!("\n  its first line: {header}") } else { String::new() };
    UsageError::Message(format!(
        "{} is a table: say which column is what, such as `--supplier acme --sku-column SKU --quantity-column Stock`, or \
         with `--csv MAPPING.toml` (`pipegen send --help`){header}",
        table.name
    ))
}

fn report(args: &SendArgs, outcome: Outcome) -> anyhow::Result<ExitCode> {
    let Outcome { summary, ended } = outcome;
    let table = summary.table();
    match (args.json, args.print) {
        (true, _) => printer::data(&serde_json::to_string(&summary)?)?,
        (_, true) => printer::talk(table.trim_end()),
        _ => printer::data(table.trim_end())?,
    }
    if summary.stream.is_some() && summary.sent > 0 && !matches!(ended, Ok(Ended::Done(()))) {
        let rest =
            if args.checkpoint.is_some() { "sends the rest" } else { "sends everything again, which does no harm" };
        let (events, verb) = (counted(summary.sent, "event"), if summary.sent == 1 { "is" } else { "are" });
        printer::talk(&format!("note: {events} {verb} on the stream; the same command {rest}"));
    }
    match ended? {
        Ended::Interrupted(number) => Ok(ExitCode::from(u8::try_from(128 + number)?)),
        Ended::Done(()) => Ok(if summary.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
    }
}
