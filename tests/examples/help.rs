//! The examples in the help.

use clap::{Command, CommandFactory as _};
use pipegen::cli::Cli;

/// The width of the help where standard output is no terminal.
const WIDTH: usize = 100;

/// Returns the examples of every command, as they are printed.
pub(crate) fn examples() -> Vec<String> {
    let mut examples = Vec::new();
    collect(&Cli::command(), &mut examples);
    examples
}

fn collect(command: &Command, examples: &mut Vec<String>) {
    let help = command.clone().term_width(WIDTH).render_long_help().to_string();
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| line.starts_with("  "));
    examples.extend(lines.map(|line| without_description(line.trim_start()).to_owned()));
    for subcommand in command.get_subcommands() {
        collect(subcommand, examples);
    }
}

/// Drops the words beside a command, which three blanks or more set apart.
fn without_description(line: &str) -> &str {
    line.split_once("   ").map_or(line, |(command, _)| command)
}
