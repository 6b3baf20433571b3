//! Exit codes, standard output and error, help.

use clap::{CommandFactory as _, Parser as _};
use serde_json::Value;

use crate::test_dir::TestDir;

#[test]
fn the_summary_ends_with_the_next_command() {
    let run = TestDir::new().render().succeeded();
    let last = run.stdout.lines().last().unwrap();
    assert_eq!(last.trim(), "terraform -chdir=tf-out/staging init && terraform -chdir=tf-out/staging apply");
}

/// Notes are part of the data, and are written beside it.
#[test]
fn settings_that_deserve_a_thought_are_noted() {
    let notes = |settings: &str| {
        let dir = TestDir::new();
        dir.write("pipegen.toml", settings);
        let run = dir.pipegen(["render", "--env", "staging", "--bootstrap", "bootstrap", "--json"]).succeeded();
        let summary: Value = serde_json::from_str(&run.stdout).unwrap();
        let notes: Vec<_> =
            summary["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned()).collect();
        let said: Vec<_> = run.stderr.lines().map(|line| line.strip_prefix("note: ").unwrap().to_owned()).collect();
        assert_eq!(said, notes, "{settings}");
        assert_eq!(dir.render().succeeded().stderr, run.stderr, "{settings}");
        notes
    };
    let complete = "[defaults]\nstate_bucket = \"state\"\nalarm_email = \"ops@example.com\"\n";
    assert_eq!(notes(complete), Vec::<String>::new());
    let bare = notes("");
    assert!(bare.len() == 2 && bare[0].contains("`state_bucket`") && bare[1].contains("`alarm_email`"), "{bare:?}");
    assert_eq!(notes(&format!("{complete}stream_retention_hours = 168")), Vec::<String>::new());
    // 1000 updates a minute of 450 bytes are 27 MB an hour: 1.944 GB in 72 hours.
    assert_eq!(
        notes(&format!("{complete}stream_retention_hours = 240")),
        [
            "`stream_retention_hours` = 240, but Lambda retries a batch for 168 hours (7 days) at most and then writes it to the quarantine; \
             the other 72 hours cost $0.04 a month at the peak"
        ]
    );
    assert_eq!(notes(&format!("{complete}catalog_concurrency = 20")), Vec::<String>::new());
    let starved = notes(&format!("{complete}catalog_concurrency = 50"));
    assert!(
        starved.len() == 1
            && starved[0].contains(" 50 requests")
            && starved[0].contains(" 30 of them have no connection"),
        "{starved:?}"
    );
}

#[test]
fn json_is_one_object_on_standard_output() {
    let dir = TestDir::new();
    let arguments = ["render", "--env", "staging", "--bootstrap", "bootstrap", "--json", "--out", "some where"];
    let run = dir.pipegen(arguments).succeeded();
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(summary["environment"], "staging");
    assert_eq!(summary["folder"], "some where/staging");
    assert_eq!(summary["files"].as_array().unwrap().len(), 3);
    assert!(summary["next"].as_str().unwrap().starts_with("terraform -chdir='some where/staging' init"));
}

#[test]
fn a_usage_error_has_another_exit_code_than_a_failure() {
    let dir = TestDir::new();
    for arguments in [vec!["render"], vec!["render", "--nothing"], vec!["nothing"], vec![]] {
        let run = dir.pipegen(arguments.iter().copied());
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
    }
    let run = dir.pipegen(["render", "--env", "staging", "--config", "nowhere.toml", "--bootstrap", "bootstrap"]);
    run.refused(&["cannot read the settings file `nowhere.toml`"]);
    for name in ["../up", "a/b", "Staging", ""] {
        dir.pipegen(["render", "--env", name, "--bootstrap", "bootstrap"]).refused(&["the environment `"]);
    }
    assert_eq!(dir.files(), ["bootstrap"]);
}

#[test]
fn help_has_examples() {
    let dir = TestDir::new();
    for arguments in [vec!["--help"], vec!["render", "--help"], vec!["cost", "--help"], vec!["diagram", "--help"]] {
        let run = dir.pipegen(arguments).succeeded();
        assert!(run.stdout.contains("Examples:") && run.stdout.contains("--env staging"), "{}", run.stdout);
    }
    assert!(dir.pipegen(["--version"]).succeeded().stdout.starts_with("pipegen "));
}

/// Every line of help that begins with `pipegen`, up to a pipe, a redirection or a remark, is one that is understood.
#[test]
fn the_examples_in_the_help_are_valid() {
    fn collect(command: &clap::Command, examples: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        examples.extend(help.lines().filter(|line| line.starts_with("  pipegen ")).map(str::to_owned));
        command.get_subcommands().for_each(|subcommand| collect(subcommand, examples));
    }
    let mut examples = Vec::new();
    collect(&pipegen::cli::Cli::command(), &mut examples);
    assert!(examples.len() > 20, "{examples:?}");
    for example in examples {
        let command = [" | ", " > ", "  "].iter().fold(example.trim(), |rest, end| rest.split(end).next().unwrap());
        // Words in quotes have no blanks in any example.
        let words = command.split_whitespace().map(|word| word.trim_matches('\''));
        assert!(pipegen::cli::Cli::try_parse_from(words).is_ok(), "{example}");
    }
}

#[test]
fn an_environment_that_was_perhaps_misspelt_is_pointed_out() {
    let dir = TestDir::new();
    dir.write("pipegen.toml", "[environments.stagin]\nhorizon_days = 3\n");
    let run = dir.render().succeeded();
    assert!(run.stderr.contains("did you mean `stagin`?"), "{}", run.stderr);
}

#[test]
fn completions_and_a_man_page_are_made() {
    let dir = TestDir::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(dir.pipegen(["completions", shell]).succeeded().stdout.contains("render"), "{shell}");
    }
    assert!(dir.pipegen(["man"]).succeeded().stdout.contains(".TH pipegen"));
}
