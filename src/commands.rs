//! The subcommands, one file for each.
//!
//! - [`render`], [`cost`], [`diagram`], [`local`]: the subcommands
//! - [`schema`], [`send`]: the suppliers' format, and their events
//! - [`archive`], [`rejected`], [`rebuild`]: the archive, the quarantine, a catalog from the archive; `objects`: the buckets or folder that are read
//! - [`probe`]: tries a deployed stack
//! - [`shell_help`]: completions and the man page
//! - `environment`: the settings and the stack of the environment that was named
//! - `usage_error`: mistakes of the user, which have an exit code of their own

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::printer;
use usage_error::UsageError;

pub mod archive;
pub mod cost;
pub mod diagram;
mod environment;
pub mod local;
mod objects;
pub mod probe;
pub mod rebuild;
pub mod rejected;
pub mod render;
pub mod schema;
pub mod send;
pub mod shell_help;
mod usage_error;

/// Runs a subcommand and returns its exit code.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Render(args) => render::run(&args),
        Command::Cost(args) => cost::run(&args),
        Command::Diagram(args) => diagram::run(&args),
        Command::Local(args) => return local::run(*args),
        Command::Send(args) => return send::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Archive(command) => return archive::run(command),
        Command::Rejected(command) => return rejected::run(command),
        Command::Rebuild(args) => return rebuild::run(&args),
        Command::Probe(args) => return probe::run(args),
        Command::Completions(args) => shell_help::completions(args.shell),
        Command::Man => shell_help::man(),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Prints an error with its causes and picks the exit code.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    let usage_error = error.downcast_ref::<UsageError>();
    match usage_error {
        Some(UsageError::Report(text)) => printer::talk(text),
        _ => printer::talk(&format!("error: {}", with_causes(error))),
    }
    ExitCode::from(if usage_error.is_some() { 2 } else { 1 })
}

/// Returns an error's text with its causes. Some libraries repeat a cause in their own text; it is told once.
fn with_causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::with_causes;

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow!("no route to host").context("cannot connect: no route to host").context("cannot begin");
        assert_eq!(with_causes(&error), "cannot begin: cannot connect: no route to host");
    }
}
