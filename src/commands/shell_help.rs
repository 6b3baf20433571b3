//! `pipegen completions` and `pipegen man`: the command line described for shells and for `man`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::printer;

/// Prints the completion script for a shell.
pub fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pipegen", &mut text);
    print(&text)
}

/// Prints the man page, the subcommands' pages after it.
pub fn man() -> anyhow::Result<()> {
    let mut text = Vec::new();
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        clap_mangen::Man::new(subcommand.clone()).render(&mut text)?;
    }
    print(&text)
}

fn print(text: &[u8]) -> anyhow::Result<()> {
    Ok(printer::data(String::from_utf8_lossy(text).trim_end())?)
}
