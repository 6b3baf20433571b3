//! A signal ends every command that waits for a server, with the shell's exit code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::kept::{Kept, Run, event, record};

/// The time to end after a signal.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a signal, and waits until nobody has the command's pipes any more: a child process would keep them open.
fn end(mut child: Child, signal: Signal) -> Run {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    let deadline = Instant::now() + TIMEOUT;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Run::new(&child.wait_with_output().unwrap())
}

#[test]
fn a_signal_ends_a_command_that_waits() {
    let kept = Kept::new();
    kept.archive(&[record(0, event("acme", "1"))]);
    let replay = format!("archive replay --folder {} --to-env staging --to-endpoint", kept.path().display());
    for (arguments, signal) in [
        ("archive list --endpoint", Signal::SIGINT),
        ("archive get --endpoint", Signal::SIGINT),
        ("archive verify --endpoint", Signal::SIGINT),
        (&replay, Signal::SIGINT),
        ("rejected list --endpoint", Signal::SIGTERM),
        ("rejected show --endpoint", Signal::SIGTERM),
        ("rejected redrive --endpoint", Signal::SIGHUP),
        ("probe --endpoint", Signal::SIGINT),
    ] {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command.args(arguments.split(' ')).arg(format!("http://{}", silent.local_addr().unwrap())).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let connection = silent.accept().unwrap();
        let run = end(child, signal);
        assert_eq!((run.code, &*run.stdout, &*run.stderr), (128 + signal as i32, "", ""), "{arguments:?}");
        drop(connection);
    }
}

/// The events come from a pipe that stays open, as from a terminal.
#[test]
fn ctrl_c_ends_a_redrive_that_reads() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
    command.args(["rejected", "redrive", "--edited", "-", "--to-env", "staging", "--dry-run"]).env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // What is printed is kept back until there is more of it; the line that is left out is told at once.
    let invalid = event("acme", "2").replace("\"quantity\":7", "\"quantity\":null");
    writeln!(input, "{}\n{invalid}", event("acme", "1")).unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("left out: "), "{line}");
    let run = end(child, Signal::SIGINT);
    assert_eq!(run.code, 130);
    let printed: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(printed["partition_key"], "acme/1");
    drop(input);
}
