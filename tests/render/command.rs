//! Exit codes, standard output and error, help.

use serde_json::Value;

use crate::workshop::Workshop;

#[test]
fn the_summary_ends_with_the_next_command() {
    let run = Workshop::new().render().fine();
    let last = run.stdout.lines().last().unwrap();
    assert_eq!(last.trim(), "terraform -chdir=tf-out/staging init && terraform -chdir=tf-out/staging apply");
}

/// What is not wrong and should be known is said beside the data, and in it.
#[test]
fn settings_that_want_a_thought_are_pointed_out() {
    let notes = |settings: &str| {
        let workshop = Workshop::new();
        workshop.write("pipegen.toml", settings);
        let run = workshop.pipegen(["render", "--env", "staging", "--bootstrap", "bootstrap", "--json"]).fine();
        let summary: Value = serde_json::from_str(&run.stdout).unwrap();
        let notes: Vec<_> =
            summary["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned()).collect();
        let said: Vec<_> = run.stderr.lines().map(|line| line.strip_prefix("note: ").unwrap().to_owned()).collect();
        assert_eq!(said, notes, "{settings}");
        assert_eq!(workshop.render().fine().stderr, run.stderr, "{settings}");
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
            "`stream_retention_hours` = 240, but Lambda retries a batch for 168 hours (7 days) at most and then puts it into the quarantine; \
             the other 72 cost $0.04 a month at the peak"
        ]
    );
    assert_eq!(notes(&format!("{complete}catalog_concurrency = 20")), Vec::<String>::new());
    let starved = notes(&format!("{complete}catalog_concurrency = 50"));
    assert!(
        starved.len() == 1 && starved[0].contains("of 50 ") && starved[0].contains(" 30 have no connection"),
        "{starved:?}"
    );
}

#[test]
fn json_is_one_object_on_standard_output() {
    let workshop = Workshop::new();
    let arguments = ["render", "--env", "staging", "--bootstrap", "bootstrap", "--json", "--out", "some where"];
    let run = workshop.pipegen(arguments).fine();
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(summary["environment"], "staging");
    assert_eq!(summary["folder"], "some where/staging");
    assert_eq!(summary["files"].as_array().unwrap().len(), 3);
    assert!(summary["next"].as_str().unwrap().starts_with("terraform -chdir='some where/staging' init"));
}

#[test]
fn wrong_use_is_told_apart_from_failure() {
    let workshop = Workshop::new();
    for arguments in [vec!["render"], vec!["render", "--nothing"], vec!["nothing"], vec![]] {
        let run = workshop.pipegen(arguments.iter().copied());
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
    }
    let run = workshop.pipegen(["render", "--env", "staging", "--config", "nowhere.toml", "--bootstrap", "bootstrap"]);
    run.refused(&["cannot read the settings file `nowhere.toml`"]);
    for name in ["../up", "a/b", "Staging", ""] {
        workshop.pipegen(["render", "--env", name, "--bootstrap", "bootstrap"]).refused(&["the environment `"]);
    }
    assert_eq!(workshop.files(), ["bootstrap"]);
}

#[test]
fn help_has_examples() {
    let workshop = Workshop::new();
    for arguments in [vec!["--help"], vec!["render", "--help"], vec!["cost", "--help"], vec!["diagram", "--help"]] {
        let run = workshop.pipegen(arguments).fine();
        assert!(run.stdout.contains("Examples:") && run.stdout.contains("--env staging"), "{}", run.stdout);
    }
    assert!(workshop.pipegen(["--version"]).fine().stdout.starts_with("pipegen "));
}

#[test]
fn an_environment_that_was_perhaps_misspelt_is_pointed_out() {
    let workshop = Workshop::new();
    workshop.write("pipegen.toml", "[environments.stagin]\nhorizon_days = 3\n");
    let run = workshop.render().fine();
    assert!(run.stderr.contains("did you mean `stagin`?"), "{}", run.stderr);
}

#[test]
fn completions_and_a_man_page_are_made() {
    let workshop = Workshop::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(workshop.pipegen(["completions", shell]).fine().stdout.contains("render"), "{shell}");
    }
    assert!(workshop.pipegen(["man"]).fine().stdout.contains(".TH pipegen"));
}
