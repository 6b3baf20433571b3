//! One file a subcommand.

use crate::cli::{Cli, Command};

pub mod local;
pub mod render;

/// Runs what was typed.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Render(args) => render::run(args),
        Command::Local(args) => local::run(args),
    }
}
