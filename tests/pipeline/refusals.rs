//! Errors of the command, and their messages.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::model::expected::Expected;
use crate::records::lines;
use crate::run::local::LocalCommand;
use crate::run::results::{PreparedRun, RunResults};

#[test]
fn a_line_that_is_not_a_record_stops_the_run() -> Result<()> {
    let lines = lines()?;
    let (before, after) = lines.split_at(lines.len() / 2);
    let bad = [r#"{"shard":"shardId-000000000000"}"#.to_owned()];
    let number = before.len() + 1;

    let expected = Expected::of(before)?;
    let prepared = PreparedRun::new(&expected)?.edit(|local| local.records(&[before, &bad, after].concat()))?;
    let (cache, running) = prepared.start()?;
    let results = RunResults::after(cache, running.wait()?)?;

    assert_eq!(results.finished().status.code(), Some(1));
    let stderr = &results.finished().stderr;
    let named = stderr.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>();
    assert!(
        named.windows(2).any(|words| words == ["line", &number.to_string()]),
        "line {number} is not named: {stderr}"
    );
    // The records before it are processed, and none of those after it.
    results.check(&expected)
}

#[test]
fn without_postgresql_it_says_what_to_install() -> Result<()> {
    let local = LocalCommand::new()?;
    let (programs, data, export) = (local.path("programs"), local.path("data"), local.path("export.jsonl"));
    fs::create_dir(&programs)?;
    symlink(program("redis-server")?, programs.join("redis-server"))?;

    let local = local.variable("PIPEGEN_SERVER_PATH", &programs).option("--data", &data).option("--export", &export);
    let finished = local.start()?.wait()?;

    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    for part in ["PostgreSQL", "nstall", "--database-url"] {
        assert!(finished.stderr.contains(part), "no {part:?} in {}", finished.stderr);
    }
    assert!(!finished.stderr.contains("redis"), "Redis is there: {}", finished.stderr);
    assert_eq!(finished.stdout, "");
    assert!(!export.exists(), "there is an export");
    assert!(!data.join("objects").exists(), "buckets were made");
    Ok(())
}

/// Returns the path of an installed program.
fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").context("there is no PATH")?;
    let found =
        std::env::split_paths(&path).map(|folder: PathBuf| folder.join(name)).find(|file: &PathBuf| is_file(file));
    found.with_context(|| format!("{name} is not on the PATH: install it"))
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}
