//! Every example in the help of every command, run as it is printed, in a folder with the files that it names and against
//! a stack on this machine.
//!
//! - [`help`]: the examples
//! - [`stack`]: the stack that they reach
//! - [`databases`]: the databases that they name
//! - [`folder`]: the folder that they run in

mod databases;
mod folder;
mod help;
mod stack;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use databases::Databases;
use folder::Folder;
use help::examples;
use stack::Stack;

/// The line at which a run that stays up has nothing left to do.
const KEPT_UP: &str = "everything is kept up until Ctrl-C";

/// The time for a run to come up. It may have to build the bootstrap.
const START: Duration = Duration::from_mins(20);

#[test]
fn every_example_runs_as_printed() -> Result<()> {
    let (serving, others): (Vec<_>, Vec<_>) = examples().into_iter().partition(|example| example.contains("--serve"));
    assert!(others.len() > 30 && !serving.is_empty(), "{others:#?}");
    let folder = Folder::new()?;
    for example in serving {
        let stack = Stack::start(folder.bash(&example), &folder, KEPT_UP, START).with_context(|| example.clone())?;
        let ended = stack.interrupt()?;
        ensure!(ended.success(), "{example}: {ended}");
    }
    // The examples name this port, too. A short window, so that a probe need not wait for the archive.
    let stack = folder.bash("pipegen local --serve --port 8080 --data DIR --archive-window 1");
    let stack = Stack::start(stack, &folder, KEPT_UP, START)?;
    let mut databases = Databases::start()?;
    let mut failed = Vec::new();
    for example in &others {
        failed.extend(run(&folder, &databases.put_into(example)?).err().map(|why| why.to_string()));
    }
    databases.stop()?;
    stack.interrupt()?;
    ensure!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), others.len(), failed.join("\n"));
    Ok(())
}

/// Runs an example. It must do what it is for, or what its help says of such a case.
fn run(folder: &Folder, example: &str) -> Result<()> {
    folder.write_files()?;
    let output = folder.bash(example).stdin(Stdio::null()).output()?;
    let code = output.status.code();
    let stderr = String::from_utf8_lossy(&output.stderr);
    // Its help says so: what would be rejected again is left out, and nobody has mended it here.
    let may_leave_out = example.contains("rejected redrive") && code == Some(1) && stderr.contains("left out");
    ensure!(code == Some(0) || may_leave_out, "{example}\nended with {}:\n{stderr}", output.status);
    Ok(())
}

/// A command in a process group of its own, so that a signal reaches all of it.
fn grouped(mut command: Command) -> Command {
    command.process_group(0);
    command
}
