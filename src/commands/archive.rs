//! `pipegen archive`: lists, prints, verifies and replays what the archive holds.

use std::process::ExitCode;

use super::objects;
use crate::cli::ArchiveCommand;

mod get;
mod list;
mod replay;
mod verify;

/// Runs a subcommand.
pub fn run(command: ArchiveCommand) -> anyhow::Result<ExitCode> {
    match command {
        ArchiveCommand::List(args) => list::run(&args),
        ArchiveCommand::Get(args) => get::run(&args),
        ArchiveCommand::Verify(args) => verify::run(&args),
        ArchiveCommand::Replay(args) => replay::run(&args),
    }
}
