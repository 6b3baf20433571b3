//! One file a subcommand: the only code that touches files, processes and the network.
//!
//! - [`render`], [`cost`], [`diagram`], [`local`]: the subcommands
//! - [`mod@reference`]: completions and the man page
//! - `environment`: the settings and the stack of the environment that was named
//! - [`bootstrap`]: builds the bootstrap for those that need one

use std::fmt;
use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::printer;

pub mod bootstrap;
pub mod cost;
pub mod diagram;
mod environment;
pub mod local;
pub mod reference;
pub mod render;

/// Runs what was typed.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Render(args) => render::run(&args),
        Command::Cost(args) => cost::run(&args),
        Command::Diagram(args) => diagram::run(&args),
        Command::Local(args) => local::run(args),
        Command::Completions(args) => reference::completions(args.shell),
        Command::Man => reference::man(),
    }
}

/// A mistake of the user's: the exit code is 2 and nothing was written.
#[derive(Debug)]
pub struct WrongUse {
    text: String,
    /// Whether the text already begins with `error:`.
    is_report: bool,
}

impl WrongUse {
    /// One mistake in one line.
    pub fn new(message: impl Into<String>) -> Self {
        Self { text: message.into(), is_report: false }
    }

    /// A whole report, as [`crate::config::report`] makes it.
    pub fn report(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_report: true }
    }
}

impl fmt::Display for WrongUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for WrongUse {}

/// Prints an error with its causes, once, and picks the exit code.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    let wrong_use = error.downcast_ref::<WrongUse>();
    match wrong_use {
        Some(WrongUse { text, is_report: true }) => printer::talk(text),
        _ => printer::talk(&format!("error: {error:#}")),
    }
    ExitCode::from(if wrong_use.is_some() { 2 } else { 1 })
}
