//! The entry point: parses the arguments, runs the command and returns the exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = pipegen::cli::Cli::parse();
    match pipegen::commands::run(cli) {
        Ok(code) => code,
        Err(error) => pipegen::commands::fail(&error),
    }
}
