//! The rendered folder under the real Terraform: `init`, `validate`, and a plan and an apply with a mocked provider.
//!
//! `terraform` must be on the `PATH`. `TF_CLI_CONFIG_FILE` is passed on: it may name a local provider mirror.
//!
//! - `stack.tftest.hcl`: the mocks, and the assertions about the plan and the applied stack
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

#[path = "../render/elf.rs"]
mod elf;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};

use elf::Elf;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Renders with these settings, and has Terraform plan and apply the result.
#[track_caller]
fn applies(environment: &str, settings: &str, bootstrap: &Elf) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("bootstrap"), bootstrap.bytes()).unwrap();
    fs::write(folder.path().join("pipegen.toml"), settings).unwrap();
    let arguments = ["render", "--env", environment, "--bootstrap", "bootstrap"];
    run(Command::new(env!("CARGO_BIN_EXE_pipegen")).args(arguments).current_dir(folder.path()));

    let rendered = folder.path().join("tf-out").join(environment);
    fs::write(rendered.join("stack.tftest.hcl"), include_str!("stack.tftest.hcl")).unwrap();
    // The backend's bucket does not exist.
    terraform(&rendered, &["init", "-backend=false", "-input=false"]);
    terraform(&rendered, &["validate"]);
    if let Some(overrides) = override_of_kept_resources(&rendered) {
        // The test destroys the applied resources at its end, which Terraform must refuse before it destroys any.
        let refused = output(Command::new("terraform").args(["test", "-no-color"]).current_dir(&rendered)).1;
        assert!(refused.contains("Instance cannot be destroyed") && refused.contains("aws_vpc.main"), "{refused}");
        fs::write(rendered.join("keep_override.tf.json"), overrides.to_string()).unwrap();
    }
    let report = terraform(&rendered, &["test"]);
    assert!(report.contains("Success! 2 passed, 0 failed"), "{report}");

    // Rendering again beside Terraform's own files leaves a folder that is still valid.
    run(Command::new(env!("CARGO_BIN_EXE_pipegen")).args(arguments).current_dir(folder.path()));
    assert!(rendered.join(".terraform.lock.hcl").is_file());
    terraform(&rendered, &["validate"]);
}

/// Returns an override file that makes an environment destroyable, if it keeps any resource.
fn override_of_kept_resources(rendered: &Path) -> Option<Value> {
    let main: Value = serde_json::from_slice(&fs::read(rendered.join("main.tf.json")).unwrap()).unwrap();
    let mut overrides = json!({
        "aws_athena_workgroup": { "queries": { "force_destroy": true } },
        "aws_db_instance": { "catalog": {
            "deletion_protection": false, "delete_automated_backups": true, "skip_final_snapshot": true,
        } },
        "aws_kms_key": { "main": { "deletion_window_in_days": 7 } },
    });
    let mut is_kept = false;
    for (kind, resources) in main["resource"].as_object().unwrap() {
        for label in resources
            .as_object()
            .unwrap()
            .keys()
            .filter(|label| resources[*label]["lifecycle"].get("prevent_destroy").is_some())
        {
            is_kept = true;
            overrides[kind][label]["lifecycle"] = json!({ "prevent_destroy": false });
        }
    }
    is_kept.then(|| json!({ "resource": overrides }))
}

#[track_caller]
fn terraform(folder: &Path, arguments: &[&str]) -> String {
    run(Command::new("terraform").args(arguments).arg("-no-color").current_dir(folder))
}

/// Runs a command that must succeed, and returns its output.
#[track_caller]
fn run(command: &mut Command) -> String {
    let (status, text) = output(command);
    assert!(status.success(), "{command:?}: {status}\n{text}");
    text
}

/// Runs a command, and returns its status and output.
#[track_caller]
fn output(command: &mut Command) -> (ExitStatus, String) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    (output.status, String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn the_presets() {
    for preset in ["throwaway", "staging", "production"] {
        applies(preset, &format!("[defaults]\npreset = \"{preset}\"\n"), &Elf::default());
    }
}

#[test]
fn an_environment_where_everything_is_set() {
    let arm = Elf { machine: 183, loader: Some("/lib/ld-linux-aarch64.so.1"), ..Elf::default() };
    // Only version 5 of the provider is tested here. Attributes of version 6 are checked against its schema:
    // docs/PROVIDERS.md.
    let settings = include_str!("../golden/large.toml").replace("aws_provider = 6", "aws_provider = 5");
    applies("large", &settings, &arm);
}

#[test]
fn the_longest_name() {
    applies("a123456789-12345678", "", &Elf::default());
}
