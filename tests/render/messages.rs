//! The help of every command, and what commands say when something is wrong, as people see it.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};
use pipegen::cli::Cli;

use crate::golden::compare;
use crate::test_dir::TestDir;

/// The width of the help where standard output is no terminal.
const WIDTH: usize = 100;

#[test]
fn the_help_of_every_command() {
    each_command(|name, command| {
        let help = command.clone().term_width(WIDTH).render_long_help().to_string();
        compare(&format!("help/{}.txt", name.replace(' ', "-")), &help);
    });
}

/// A command that is broken in two is no command.
#[test]
fn no_example_is_broken_by_the_width() {
    each_command(|name, command| {
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in examples.lines().filter(|line| line.starts_with("  pipegen")) {
            assert!(line.len() <= WIDTH, "{name}: an example has more than {WIDTH} characters: {line}");
        }
    });
}

fn each_command(mut see: impl FnMut(&str, &Command)) {
    fn walk(command: &Command, name: &str, see: &mut impl FnMut(&str, &Command)) {
        see(name, command);
        for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
            walk(subcommand, &format!("{name} {}", subcommand.get_name()), see);
        }
    }
    let mut cli = Cli::command();
    // Gives each its usage with the names of those above it.
    cli.build();
    walk(&cli, cli.get_name(), &mut see);
}

/// Each ends with its exit code, says what was wrong with what, and what to do; nothing is on standard output.
#[test]
fn errors() {
    let dir = TestDir::new();
    dir.write("events.jsonl", "{\"specversion\":\"1.0\"}\nnot JSON\n");
    dir.write("stock.csv", "SKU,Stock\n1,2\n");
    let mut text = String::new();
    for line in [
        "cost --env feature/foo",
        "cost --env PR-1234",
        "cost --env an-environment-that-nobody-can-have",
        "cost --env staging --config nowhere.toml",
        "cost --evn staging",
        "render --env staging --bootstrap nowhere",
        "local --records nowhere.jsonl",
        "local --port 8080",
        "local --fault redis",
        "send",
        "send --check nowhere.jsonl",
        "send --check --supplier acme --sku-column Artikel --quantity-column Stock stock.csv",
        "send --endpoint http://192.0.2.1 events.jsonl",
        "schema --type stock.sold.v1",
        "archive list --from yesterday",
        "archive list --from 2026-11-24 --to 2026-11-23",
        "archive list --folder nowhere",
        "archive get --folder . --type stock.sold",
        "archive replay --folder .",
        "rejected list --folder nowhere",
        "rejected list --folder . --reason no_such_reason",
        "rebuild --folder . --database-url nowhere",
        "probe --endpoint ftp://127.0.0.1",
        "probe --timeout 0",
    ] {
        let run = dir.pipegen(line.split(' '));
        assert!(run.code != 0 && run.stdout.is_empty(), "{line}: {run:#?}");
        writeln!(text, "$ pipegen {line}\n{}exit code {}\n", run.stderr, run.code).unwrap();
    }
    compare("errors.txt", &text);
}
