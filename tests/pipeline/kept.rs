//! The objects that a run keeps: verified, played again, put on another run's stream.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context as _, Result, ensure};
use pipegen::servers::free_port;
use serde_json::Value;

use crate::records::lines;
use crate::run::local::{LocalCommand, LocalProcess};

/// The time for a served run to start and to process the records.
const TIMEOUT: Duration = Duration::from_mins(20);

/// Runs `pipegen` with these arguments; it must succeed.
fn pipegen(arguments: &[&str]) -> Result<String> {
    let output = output(arguments)?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

pub(crate) fn output(arguments: &[&str]) -> Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_pipegen")).args(arguments).stdin(Stdio::null()).output().context("not started")
}

pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path is text")
}

/// Returns the views without what depends on the run.
pub(crate) fn views(export: &Path) -> Result<Vec<Value>> {
    let without_version = |line: &str| {
        let mut view: Value = serde_json::from_str(line)?;
        let fields = view.as_object_mut().context("an object")?;
        fields.remove("version");
        fields.remove("updated_at");
        Ok(view)
    };
    fs::read_to_string(export)?.lines().map(without_version).collect()
}

/// Counts equal values.
fn counted(values: impl IntoIterator<Item = Value>) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for value in values {
        *counted.entry(value.to_string()).or_default() += 1;
    }
    counted
}

/// The catalog is a function of the archive, so playing the archive gives it again.
#[test]
fn the_archive_of_a_run_is_sound_and_gives_the_same_catalog_again() -> Result<()> {
    let first = LocalCommand::new()?;
    let (data, export) = (first.path("data"), first.path("views.jsonl"));
    let run = first.records(&lines()?)?.option("--data", &data).option("--export", &export).start()?;
    let run = run.wait()?.succeeded()?;
    let folder = text(&data)?;
    let verified = pipegen(&["archive", "verify", "--folder", folder])?;
    ensure!(verified.ends_with("all is right\n"), "{verified}");

    let records = run.path("archived.jsonl");
    fs::write(&records, pipegen(&["archive", "get", "--folder", folder])?)?;
    let second = LocalCommand::new()?;
    let again = second.path("views.jsonl");
    let second = second.option("--records", &records).option("--export", &again).start()?.wait()?.succeeded()?;
    ensure!(views(&export)? == views(&again)?, "the catalogs differ");
    drop(second);
    Ok(())
}

/// A run that is served and has no records of its own.
fn served(port: &str) -> Result<LocalProcess> {
    let mut running = LocalCommand::new()?.flag("--serve").flag("--no-records").option("--port", port).start()?;
    let (deadline, endpoint) = (Instant::now() + TIMEOUT, format!("http://127.0.0.1:{port}"));
    while !output(&["archive", "list", "--endpoint", &endpoint])?.status.success() {
        ensure!(running.is_alive()? && Instant::now() < deadline, "it does not serve");
        thread::sleep(Duration::from_millis(100));
    }
    Ok(running)
}

/// Events of long ago that arrive now are too old, so all of them, byte for byte, are in the other run's quarantine.
#[test]
fn what_is_replayed_and_redriven_arrives_as_it_was() -> Result<()> {
    let first = LocalCommand::new()?;
    let data = first.path("data");
    let run = first.records(&lines()?)?.option("--data", &data).start()?.wait()?.succeeded()?;
    let folder = text(&data)?;
    let port = free_port()?.to_string();
    let (running, endpoint) = (served(&port)?, format!("http://127.0.0.1:{port}"));
    let target = ["--folder", folder, "--to-env", "staging", "--to-endpoint", &endpoint];
    let replayed = pipegen(&[&["archive", "replay", "--json"], &target[..]].concat())?;
    let archived = pipegen(&["archive", "get", "--folder", folder])?;
    let replayed: Value = serde_json::from_str(&replayed)?;
    ensure!(replayed["records"] == archived.lines().count(), "{replayed}");
    let redriven = pipegen(&[&["rejected", "redrive", "--reason", "too_old"], &target[..]].concat())?;
    for line in redriven.lines() {
        let sent: Value = serde_json::from_str(line)?;
        ensure!(sent["put"]["sequence_number"].is_string(), "{sent}");
    }

    let valid = pipegen(&["archive", "get", "--events", "--supplier", "supplier-01", "--folder", folder])?;
    let mut expected: Vec<Value> = valid.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let too_old =
        pipegen(&["rejected", "show", "--reason", "too_old", "--supplier", "supplier-01", "--folder", folder])?;
    for line in too_old.lines() {
        let line: Value = serde_json::from_str(line)?;
        expected.push(serde_json::from_str(line["event"].as_str().context("text")?)?);
    }
    ensure!(expected.len() > 10, "the sample has too few events");
    let expected = counted(expected);
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let shown = pipegen(&["rejected", "show", "--supplier", "supplier-01", "--endpoint", &endpoint])?;
        let events = shown.lines().map(|line| {
            let line: Value = serde_json::from_str(line)?;
            serde_json::from_str(line["event"].as_str().context("text")?).context("JSON")
        });
        if counted(events.collect::<Result<Vec<Value>>>()?) == expected {
            break;
        }
        ensure!(Instant::now() < deadline, "not all events arrive as they were");
        thread::sleep(Duration::from_millis(200));
    }
    running.press_ctrl_c()?;
    running.wait_for_stop()?.succeeded()?;
    drop(run);
    Ok(())
}
