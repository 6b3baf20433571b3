//! What is refused, and how it is said.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::model::expected::Expected;
use crate::records::lines;
use crate::run::local::Local;
use crate::run::play::{Play, Played};

#[test]
fn a_line_that_is_no_record_stops_there() -> Result<()> {
    let lines = lines()?;
    let (before, after) = lines.split_at(lines.len() / 2);
    let bad = [r#"{"shard":"shardId-000000000000"}"#.to_owned()];
    let number = before.len() + 1;

    let expected = Expected::of(before)?;
    let play = Play::new(&expected)?.edit(|local| local.reads(&[before, &bad, after].concat()))?;
    let (cache, running) = play.start()?;
    let played = Played::after(cache, running.wait()?)?;

    assert_eq!(played.finished().status.code(), Some(1));
    let stderr = &played.finished().stderr;
    let named = stderr.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>();
    assert!(
        named.windows(2).any(|words| words == ["line", &number.to_string()]),
        "line {number} is not named: {stderr}"
    );
    // The records before it are in, and nothing of what comes after it.
    played.check(&expected)
}

#[test]
fn without_postgresql_it_says_what_to_install() -> Result<()> {
    let local = Local::new()?;
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

/// Where a program is installed.
fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").context("there is no PATH")?;
    let found =
        std::env::split_paths(&path).map(|folder: PathBuf| folder.join(name)).find(|file: &PathBuf| is_file(file));
    found.with_context(|| format!("{name} is not on the PATH: install it"))
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}
